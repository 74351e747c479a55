(* The theorem of docs/exact-sqrt.md for float64, but for the 30 numbers of lemma 2: lemma 1 and lemma 2 together, for
   any estimate h and whatever m is, if it is as near to F(z) as Gappa proves. Coq 8.16, Flocq 4.1, Interval 4.6. *)
From Coq Require Import ZArith Reals Lia Lra List Psatz.
From Flocq Require Import Core Relative.
From Interval Require Import Tactic.
Require Import lemma2.

Open Scope R_scope.

(* Lemma 1: what multiplying by 1+m leaves of the errors of g0 and h. *)
Lemma step : forall x h t m, 0 < x -> 0 < h -> -1 < t ->
  let y := sqrt x in let g0 := 2 * x * h * (1 + t) in let e := (1 + m) * sqrt (2 * g0 * h) - 1 in
  g0 + g0 * m = y * sqrt (1 + t) * (1 + e) /\ h + h * m = (1 + e) / (2 * y * sqrt (1 + t)).
Proof.
intros x h t m Hx Hh Ht y g0 e.
assert (Hy : 0 < y) by now apply sqrt_lt_R0.
assert (Hs : 0 < sqrt (1 + t)) by (apply sqrt_lt_R0; lra).
assert (Hyy : y * y = x) by (apply sqrt_sqrt; lra).
assert (Hss : sqrt (1 + t) * sqrt (1 + t) = 1 + t) by (apply sqrt_sqrt; lra).
assert (Hr : sqrt (2 * g0 * h) = 2 * y * h * sqrt (1 + t)).
{ apply sqrt_lem_1.
  - unfold g0; repeat apply Rmult_le_pos; lra.
  - repeat apply Rmult_le_pos; lra.
  - replace (2 * y * h * sqrt (1 + t) * (2 * y * h * sqrt (1 + t)))
      with (4 * (y * y) * h * h * (sqrt (1 + t) * sqrt (1 + t))) by ring.
    rewrite Hss, Hyy; unfold g0; ring. }
assert (He : 1 + e = (1 + m) * (2 * y * h * sqrt (1 + t))) by (unfold e; rewrite Hr; ring).
rewrite He; split.
- replace (y * sqrt (1 + t) * ((1 + m) * (2 * y * h * sqrt (1 + t))))
    with (2 * (y * y) * h * (1 + m) * (sqrt (1 + t) * sqrt (1 + t))) by ring.
  rewrite Hss, Hyy; unfold g0; ring.
- field; split; apply Rgt_not_eq; assumption.
Qed.

(* The last step's error: a and b are those of g and h', f that of the residual. *)
Lemma last_bound : forall t o e i j f,
  Rabs t <= 501 / 1000 * bpow radix2 (-53) -> Rabs o <= 501 / 1000 * bpow radix2 (-53) ->
  -55 / 100 * bpow radix2 (-53) <= e <= 4 / 1000 * bpow radix2 (-53) ->
  Rabs i <= bpow radix2 (-53) -> Rabs j <= bpow radix2 (-53) -> Rabs f <= bpow radix2 (-53) ->
  let a := t + e + i + (t*e + t*i + e*i) + t*e*i in
  let b := o + e + j + (o*e + o*j + e*j) + o*e*j in
  Rabs (-(a*a/2) - (a + a*a/2) * (b + f + b*f)) <= 9 * bpow radix2 (-106).
Proof.
intros; unfold a, b; interval with (i_prec 100).
Qed.

Theorem all_but_thirty : forall choice X e h m,
  (e = 52 \/ e = 53)%Z -> (2 ^ 52 <= X < 2 ^ 53)%Z -> ~ In (X, e) hard -> 0 < h ->
  let rnd := round radix2 (FLX_exp 53) (Znearest choice) in
  let x := IZR X * bpow radix2 (e - 104) in
  let g0 := rnd (2 * x * h) in
  let error := (1 + m) * sqrt (2 * g0 * h) - 1 in
  -55 / 100 * bpow radix2 (-53) <= error <= 4 / 1000 * bpow radix2 (-53) ->
  let g := rnd (g0 + g0 * m) in
  let h' := rnd (h + h * m) in
  let d := rnd (x - g * g) in
  rnd (g + h' * d) = rnd (sqrt x).
Proof.
intros choice X e h m He HX Hhard Hh rnd x g0 error Herror g h' d.
apply few_fail; try assumption.
fold x; set (y := sqrt x).
assert (Hx : 0 < x).
{ apply Rmult_lt_0_compat; [apply IZR_lt; lia|apply bpow_gt_0]. }
assert (Hy : 0 < y) by now apply sqrt_lt_R0.
assert (Hyy : y * y = x) by (apply sqrt_sqrt; lra).
assert (Hrnd : forall v, exists i, Rabs i <= bpow radix2 (-53) /\ rnd v = v * (1 + i)).
{ intros v; destruct (relative_error_N_FLX_ex radix2 53 prec53 choice v) as [i [H1 H2]].
  exists i; split; [|exact H2].
  apply Rle_trans with (1 := H1); simpl; lra. }
destruct (Hrnd (2 * x * h)) as [t [Ht Hg0]]; fold g0 in Hg0.
assert (Ht1 : -1 < t) by (apply Rabs_le_inv in Ht; simpl in Ht; lra).
destruct (step x h t m Hx Hh Ht1) as [HG HH]; fold y in HG, HH.
rewrite <- Hg0 in HG, HH; fold error in HG, HH.
destruct (Hrnd (g0 + g0 * m)) as [i [Hi Hg]]; fold g in Hg.
destruct (Hrnd (h + h * m)) as [j [Hj Hh']]; fold h' in Hh'.
destruct (Hrnd (x - g * g)) as [f [Hf Hd]]; fold d in Hd.
set (T := sqrt (1 + t) - 1); set (O := / sqrt (1 + t) - 1).
assert (HT : Rabs T <= 501 / 1000 * bpow radix2 (-53)) by (unfold T; interval with (i_prec 150)).
assert (HO : Rabs O <= 501 / 1000 * bpow radix2 (-53)) by (unfold O; interval with (i_prec 150)).
pose proof (last_bound T O error i j f HT HO Herror Hi Hj Hf) as HL.
assert (Hs : 0 < sqrt (1 + t)) by (apply sqrt_lt_R0; lra).
set (a := (1 + T) * (1 + error) * (1 + i) - 1).
set (b := (1 + error) * (1 + j) * (1 + O) - 1).
assert (Hga : g = y * (1 + a)).
{ rewrite Hg, HG; unfold a, T; ring. }
assert (Hhb : h' = (1 + b) / (2 * y)).
{ rewrite Hh', HH; unfold b, O; field; split; apply Rgt_not_eq; assumption. }
assert (Hw : g + h' * d - y = y * (a - (a + a * a / 2) * (1 + b) * (1 + f))).
{ rewrite Hd, Hhb, Hga, <- Hyy; field; apply Rgt_not_eq; assumption. }
rewrite Hw, Rabs_mult, (Rabs_pos_eq y) by lra.
rewrite Rmult_comm; apply Rmult_le_compat_r; [lra|].
replace (a - (a + a * a / 2) * (1 + b) * (1 + f))
  with (- (a * a / 2) - (a + a * a / 2) * (b + f + b * f)) by field.
replace a with (T + error + i + (T * error + T * i + error * i) + T * error * i) by (unfold a; ring).
replace b with (O + error + j + (O * error + O * j + error * j) + O * error * j) by (unfold b; ring).
exact HL.
Qed.
