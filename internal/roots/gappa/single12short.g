# Lemma 1 of docs/exact-sqrt.md: e of Single12Short. With w = 1 - sqrt(1-2z), 1/sqrt(1-2z) is 1/(1-w).
@rnd = float<ieee_32, ne>;

z = w - w*w/2;
m = rnd(z);
e = (1 + m) * (1 - w) - 1;

T = (1 + z) * (1 - w) - 1;

{ |w| <= 0x1.804p-12 -> e * 1b24 in [-3.4, 0.004] }

e -> T + (m - z) * (1 - w);
T -> w*w * (w/2 - 3b-1);
