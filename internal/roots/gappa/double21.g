# Lemma 1 of docs/exact-sqrt.md: e of Double21. With w = 1 - sqrt(1-2z), 1/sqrt(1-2z) is 1/(1-w).
@rnd = float<ieee_64, ne>;

z = w - w*w/2;
r = rnd(z - 1b-54);
q = rnd(r * 3b-1 + 1);
m = rnd(r * q);
e = (1 + m) * (1 - w) - 1;

S = z * 3b-1 + 1; # the sum without errors
D = m - z*S;
T = (1 + z*S) * (1 - w) - 1;

{ |w| <= 0x1.001p-21 -> e * 1b53 in [-0.504, -0.496] }

e -> T + D * (1 - w);
T -> w*w*w * (w * (15b-3 - w * 3b-3) - 5b-1);
D -> (m - r*q) + ((r - z)*q + z*(q - S));
r - z -> (r - (z - 1b-54)) - 1b-54;
q - S -> (q - (r * 3b-1 + 1)) + (r - z)*3b-1;
