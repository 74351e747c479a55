# Lemma 1 of docs/exact-sqrt.md: e of Double14. With w = 1 - sqrt(1-2z), 1/sqrt(1-2z) is 1/(1-w).
@rnd = float<ieee_64, ne>;

z = w - w*w/2;
r = rnd(z - 1b-54);
p = rnd(r * 5b-1 + 100663297b-26);
q = rnd(p * r + 1);
m = rnd(r * q);
e = (1 + m) * (1 - w) - 1;

P = z * 5b-1 + 100663297b-26; # Horner's sums without errors
S = P * z + 1;
D = m - z*S;
T = (1 + z*S) * (1 - w) - 1;
v = w*w;

{ |w| <= 0x1.001p-14 -> e * 1b53 in [-0.55, -0.38] }

e -> T + D * (1 - w);
T -> v * (1b-26*((1 - w/2)*(1 - w/2)*(1 - w)) - v * (35b-3 - w * (21b-2 - w * (35b-4 - 5b-4*w))));
D -> (m - r*q) + ((r - z)*q + z*(q - S));
r - z -> (r - (z - 1b-54)) - 1b-54;
q - S -> (q - (p*r + 1)) + ((p - P)*r + P*(r - z));
p - P -> (p - (r * 5b-1 + 100663297b-26)) + (r - z)*5b-1;
e $ w in 200;
