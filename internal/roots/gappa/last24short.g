# Lemma 2 of docs/exact-sqrt.md: Single12Short. t is sqrt(1+t) - 1 there, o 1/sqrt(1+t) - 1; i, j and f are the
# roundings of g, h' and d'.
a = (1 + t) * (1 + e) * (1 + i) - 1;
b = (1 + e) * (1 + j) * (1 + o) - 1;
s = a - (a + a*a/2) * (1 + b) * (1 + f);

{ |t| <= 0x0.801p-24 /\ |o| <= 0x0.801p-24 /\
  e * 1b24 in [-3.4, 0.004] /\ |i| <= 1b-24 /\ |j| <= 1b-24 /\ |f| <= 1b-24 ->
  |a| <= 0x5p-24 /\ |s| <= 42b-48 }

a -> t + e + i + (t*e + t*i + e*i) + t*e*i;
b -> o + e + j + (o*e + o*j + e*j) + o*e*j;
s -> -(a*a/2) - (a + a*a/2) * (b + f + b*f);
