# Lemma 5 of docs/exact-sqrt.md: the error s of a seed, of which e is that of lemma 1, i the last rounding, b that of x,
# and t that of g, as they change the seed.
@rnd = float<ieee_32, ne>;

z = w - w*w/2;
m = rnd(z);
e = (1 + m) * (1 - w) - 1;
T = (1 + z) * (1 - w) - 1;
s = (1 + e) * (1 + i) * (1 + b) * (1 + t) - 1;

{ |w| <= 0x1.804p-12 /\ |i| <= 1b-24 /\ |b| <= 0x0.801p-24 /\ |t| <= 0x0.801p-24 -> |s| <= 1b-21 }

e -> T + (m - z) * (1 - w);
T -> w*w * (w/2 - 3b-1);
s -> e + i + b + t + (e*i + (1 + e)*(1 + i)*(1 + b)*t + (1 + e)*(1 + i)*b - b - t);
