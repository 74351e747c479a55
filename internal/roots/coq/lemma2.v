(* Lemma 2 of docs/exact-sqrt.md for float64, whole: what lies within 9*2^-106 of sqrt(x), relatively, rounds as sqrt(x)
   does, but for 30 x in [1, 4). Coq 8.16, Flocq 4.1. *)
From Coq Require Import ZArith Znumtheory Zpow_facts Reals Lia Lra List Bool Psatz.
From Flocq Require Import Core.
Import ListNotations.

Open Scope Z_scope.

(** * The integer solutions of M^2 + M + k = X*2^e *)

Definition value k m := m * m + m + k.

(* 2^i more in m is an odd multiple of 2^i more in the value. *)
Definition bit k m i := if Z.testbit (value k m) i then m + 2 ^ i else m.

Definition lift k parity e := fold_left (bit k) (map Z.of_nat (seq 1 (Z.to_nat e - 1))) parity.

(* Two solutions of one parity are equal modulo 2^e. *)
Lemma unique : forall e k m n,
  0 <= e -> (2 ^ e | value k m) -> (2 ^ e | value k n) -> m mod 2 = n mod 2 -> (2 ^ e | m - n).
Proof.
intros e k m n He Hm Hn Hp.
assert (H : (2 ^ e | (m + n + 1) * (m - n))).
{ replace ((m + n + 1) * (m - n)) with (value k m - value k n) by (unfold value; ring).
  now apply Z.divide_sub_r. }
apply Gauss with (1 := H).
apply rel_prime_sym, rel_prime_Zpower_r; [exact He|].
apply rel_prime_sym, prime_rel_prime; [exact prime_2|].
intros [q Hq].
pose proof (Z.div_mod m 2 ltac:(lia)); pose proof (Z.div_mod n 2 ltac:(lia)).
lia.
Qed.

Record candidate := { ce : Z; ck : Z; cp : Z }.

Definition candidates :=
  flat_map (fun e => flat_map (fun j => map (Build_candidate e (2 * j)) [0; 1])
    (map (fun i => Z.of_nat i - 9) (seq 0 19))) [52; 53].

Definition low c := lift (ck c) (cp c) (ce c).

(* The one solution of a candidate in [2^52, 2^53), if it has one. *)
Definition m_of c := if ce c =? 52 then low c + 2 ^ 52 else low c.

Definition x_of c := (value (ck c) (m_of c) / 2 ^ ce c, ce c).

Definition in_range (x : Z * Z) := (2 ^ 52 <=? fst x) && (fst x <? 2 ^ 53).

Definition hard := filter in_range (map x_of (filter (fun c => 2 ^ 52 <=? m_of c) candidates)).

Lemma thirty : length hard = 30%nat.
Proof. vm_compute. reflexivity. Qed.

Lemma lifted : forall c, In c candidates ->
  0 <= low c < 2 ^ ce c /\ (2 ^ ce c | value (ck c) (low c)) /\ low c mod 2 = cp c.
Proof.
assert (H : forallb (fun c => (0 <=? low c) && (low c <? 2 ^ ce c) && (value (ck c) (low c) mod 2 ^ ce c =? 0)
  && (low c mod 2 =? cp c)) candidates = true) by (vm_compute; reflexivity).
intros c Hc.
rewrite forallb_forall in H.
specialize (H c Hc).
repeat rewrite andb_true_iff in H.
destruct H as [[[H1 H2] H3] H4].
apply Z.leb_le in H1; apply Z.ltb_lt in H2; apply Z.eqb_eq in H3; apply Z.eqb_eq in H4.
repeat split; try assumption.
apply Z.mod_divide; [lia|assumption].
Qed.

Lemma candidate_in : forall e k p,
  e = 52 \/ e = 53 -> -18 <= k <= 18 -> k mod 2 = 0 -> p = 0 \/ p = 1 -> In (Build_candidate e k p) candidates.
Proof.
intros e k p He Hk Hk2 Hp.
unfold candidates.
apply in_flat_map; exists e; split; [simpl; lia|].
apply in_flat_map; exists (k / 2); split.
- apply in_map_iff; exists (Z.to_nat (k / 2 + 9)).
  pose proof (Z.div_mod k 2 ltac:(lia)).
  split; [lia|].
  apply in_seq; lia.
- apply in_map_iff; exists p.
  pose proof (Z.div_mod k 2 ltac:(lia)).
  split; [f_equal; lia|simpl; lia].
Qed.

Theorem complete : forall X M k e,
  e = 52 \/ e = 53 -> 2 ^ 52 <= X < 2 ^ 53 -> 2 ^ 52 <= M < 2 ^ 53 -> -18 <= k <= 18 ->
  X * 2 ^ e = value k M -> In (X, e) hard.
Proof.
intros X M k e He HX HM Hk H.
assert (Hk2 : k mod 2 = 0).
{ assert (E : exists y, X * 2 ^ e = 2 * y).
  { destruct He as [-> | ->]; [exists (X * 2 ^ 51) | exists (X * 2 ^ 52)]; ring. }
  destruct E as [y Hy].
  assert (F : exists z, M * M + M = 2 * z).
  { pose proof (Z.div_mod M 2 ltac:(lia)) as D; pose proof (Z.mod_pos_bound M 2 ltac:(lia)) as B.
    destruct (Z.eq_dec (M mod 2) 0) as [E0|E1].
    - exists (M / 2 * (M + 1)); rewrite E0 in D; nia.
    - exists (M * (M / 2 + 1)); assert (M mod 2 = 1) by lia; nia. }
  destruct F as [z Hz].
  unfold value in H.
  replace k with ((y - z) * 2) by lia.
  apply Z_mod_mult. }
set (c := Build_candidate e k (M mod 2)).
assert (Hc : In c candidates).
{ apply candidate_in; try assumption.
  pose proof (Z.mod_pos_bound M 2 ltac:(lia)); lia. }
destruct (lifted c Hc) as [Hlow [Hdiv Hpar]].
change (ce c) with e in *; change (ck c) with k in *; change (cp c) with (M mod 2) in *.
assert (Hm : m_of c = M).
{ destruct (unique e k M (low c)) as [q Hq]; [lia| |exact Hdiv|now symmetry|].
  - exists X; now rewrite <- H.
  - unfold m_of; change (ce c) with e.
    destruct He as [-> | ->]; simpl Z.eqb; cbv iota.
    + assert (q = 1) by lia. lia.
    + assert (q = 0) by lia. lia. }
unfold hard.
apply (proj2 (filter_In in_range (X, e) (map x_of (filter (fun c => 2 ^ 52 <=? m_of c) candidates)))); split.
- apply (proj2 (in_map_iff x_of _ (X, e))); exists c; split.
  + unfold x_of; change (ce c) with e; change (ck c) with k.
    rewrite Hm, <- H, Z.div_mul; [reflexivity|lia].
  + apply (proj2 (filter_In (fun c => 2 ^ 52 <=? m_of c) c candidates)); split; [exact Hc|].
    rewrite Hm; apply Z.leb_le; lia.
- unfold in_range; simpl fst.
  apply andb_true_iff; split; [apply Z.leb_le|apply Z.ltb_lt]; lia.
Qed.

(** * Roundings *)

Open Scope R_scope.

Section Rounding.

Variable choice : Z -> bool. (* of ties: to even, among others *)

Local Notation fexp := (FLX_exp 53).
Local Notation rnd := (round radix2 fexp (Znearest choice)).
Local Notation unit := (bpow radix2 (-52)).

Local Instance prec53 : Prec_gt_0 53.
Proof. reflexivity. Qed.

Lemma ulp_at : forall v e, bpow radix2 (e - 1) <= v < bpow radix2 e -> ulp radix2 fexp v = bpow radix2 (e - 53).
Proof.
intros v e [H1 H2].
assert (0 < v) by (apply Rlt_le_trans with (2 := H1); apply bpow_gt_0).
rewrite ulp_neq_0 by lra.
unfold cexp, FLX_exp; do 2 f_equal.
apply mag_unique; rewrite Rabs_pos_eq by lra; now split.
Qed.

Variable M : Z.
Hypothesis HM : (2 ^ 52 <= M < 2 ^ 53)%Z.

Let f := IZR M * unit.

Lemma f_bounds : bpow radix2 0 <= f < bpow radix2 1.
Proof.
unfold f.
replace (bpow radix2 0) with (IZR (2 ^ 52) * unit) by (simpl; lra).
replace (bpow radix2 1) with (IZR (2 ^ 53) * unit) by (simpl; lra).
split.
- apply Rmult_le_compat_r; [apply bpow_ge_0|apply IZR_le; lia].
- apply Rmult_lt_compat_r; [apply bpow_gt_0|apply IZR_lt; lia].
Qed.

Lemma f_format : generic_format radix2 fexp f.
Proof.
apply generic_format_FLX.
exists (Float radix2 M (-52)); [reflexivity|].
simpl; lia.
Qed.

Lemma f_succ : succ radix2 fexp f = f + unit.
Proof.
pose proof f_bounds as B; simpl in B.
rewrite succ_eq_pos by lra.
rewrite (ulp_at f 1); [reflexivity|exact f_bounds].
Qed.

(* Down to a quarter below f, since f may be a power of two. *)
Lemma rounds_down : forall v, f - unit / 4 < v < f + unit / 2 -> rnd v = f.
Proof.
intros v [H1 H2].
pose proof f_bounds as B; simpl in B.
apply Rle_antisym.
- apply round_N_le_midp; [typeclasses eauto|exact f_format|].
  rewrite f_succ; lra.
- apply round_N_ge_midp; [typeclasses eauto|exact f_format|].
  assert (Hhalf : generic_format radix2 fexp (bpow radix2 (-1))).
  { apply generic_format_bpow; unfold FLX_exp; lia. }
  assert (Hp : bpow radix2 (-1) <= pred radix2 fexp f).
  { apply pred_ge_gt; [typeclasses eauto|exact Hhalf|exact f_format|simpl; lra]. }
  pose proof (pred_plus_ulp radix2 fexp f ltac:(lra) f_format) as P.
  assert (U : ulp radix2 fexp (bpow radix2 (-1)) <= ulp radix2 fexp (pred radix2 fexp f)).
  { apply ulp_le_pos; [typeclasses eauto|typeclasses eauto|apply bpow_ge_0|exact Hp]. }
  rewrite (ulp_at (bpow radix2 (-1)) 0) in U by (split; [right; reflexivity|apply bpow_lt; lia]).
  replace (bpow radix2 (0 - 53)) with (unit / 2) in U by (simpl; lra).
  lra.
Qed.

Lemma rounds_up : forall v, f + unit / 2 < v < f + unit + unit / 2 -> rnd v = f + unit.
Proof.
intros v [H1 H2].
pose proof f_bounds as B; simpl in B.
pose proof (generic_format_succ radix2 fexp f f_format) as F.
rewrite f_succ in F.
apply Rle_antisym.
- apply round_N_le_midp; [typeclasses eauto|exact F|].
  rewrite succ_eq_pos by (pose proof (bpow_gt_0 radix2 (-52)); lra).
  assert (U : ulp radix2 fexp f <= ulp radix2 fexp (f + unit)).
  { apply ulp_le_pos; [typeclasses eauto|typeclasses eauto|lra|pose proof (bpow_gt_0 radix2 (-52)); lra]. }
  rewrite (ulp_at f 1) in U by exact f_bounds.
  change (1 - 53)%Z with (-52)%Z in U.
  lra.
- apply round_N_ge_midp; [typeclasses eauto|exact F|].
  rewrite <- f_succ at 2.
  rewrite pred_succ by (typeclasses eauto || exact f_format).
  lra.
Qed.

End Rounding.

(** * Lemma 2 *)

Theorem few_fail : forall choice X e w,
  (e = 52 \/ e = 53)%Z -> (2 ^ 52 <= X < 2 ^ 53)%Z -> ~ In (X, e) hard ->
  let y := sqrt (IZR X * bpow radix2 (e - 104)) in
  Rabs (w - y) <= 9 * bpow radix2 (-106) * y ->
  round radix2 (FLX_exp 53) (Znearest choice) w = round radix2 (FLX_exp 53) (Znearest choice) y.
Proof.
intros choice X e w He HX Hhard y Hw.
set (A := (X * 2 ^ e)%Z).
assert (HA : (2 ^ 104 <= A < 2 ^ 106)%Z) by (unfold A; destruct He as [-> | ->]; lia).
assert (HAx : IZR X * bpow radix2 (e - 104) = IZR A * bpow radix2 (-104)).
{ unfold A; rewrite mult_IZR.
  replace (IZR (2 ^ e)) with (bpow radix2 e) by (destruct He as [-> | ->]; reflexivity).
  rewrite Rmult_assoc, <- bpow_plus; f_equal; f_equal; lia. }
assert (HY : y = sqrt (IZR A) * bpow radix2 (-52)).
{ unfold y; rewrite HAx, sqrt_mult by (apply bpow_ge_0 || (apply IZR_le; lia)).
  f_equal.
  change (-104)%Z with (2 * -52)%Z; apply sqrt_bpow. }
set (Y := sqrt (IZR A)) in *.
assert (HYY : Y * Y = IZR A) by (apply sqrt_sqrt, IZR_le; lia).
set (M := Z.sqrt A).
assert (HS : (M * M <= A < Z.succ M * Z.succ M)%Z) by (apply Z.sqrt_spec; lia).
assert (HM : (2 ^ 52 <= M < 2 ^ 53)%Z).
{ assert (0 <= M)%Z by apply Z.sqrt_nonneg.
  split.
  - destruct (Z_lt_le_dec M (2 ^ 52)) as [H1|H1]; [|exact H1].
    pose proof (Z.square_le_mono_nonneg (Z.succ M) (2 ^ 52) ltac:(lia) ltac:(lia)); lia.
  - destruct (Z_lt_le_dec M (2 ^ 53)) as [H1|H1]; [exact H1|].
    pose proof (Z.square_le_mono_nonneg (2 ^ 53) M ltac:(lia) ltac:(lia)); lia. }
set (k := (A - M * M - M)%Z).
assert (Hk : (k < -18 \/ 18 < k)%Z).
{ destruct (Z_lt_le_dec k (-18)) as [H|H]; [now left|].
  destruct (Z_lt_le_dec 18 k) as [H'|H']; [now right|].
  exfalso; apply Hhard, (complete X M k e); try assumption; try lia.
  unfold value; fold A; unfold k; ring. }
assert (HAk : IZR A = IZR M * IZR M + IZR M + IZR k) by (unfold k; rewrite !minus_IZR, mult_IZR; ring).
assert (HmR : 4503599627370496 <= IZR M <= 9007199254740991) by (split; apply IZR_le; lia).
assert (HY0 : 0 <= Y) by apply sqrt_pos.
assert (HYM : IZR M <= Y < IZR M + 1).
{ destruct HS as [S1 S2]; apply IZR_le in S1; apply IZR_lt in S2.
  rewrite mult_IZR in S1; rewrite mult_IZR, succ_IZR in S2.
  rewrite <- HYY in S1, S2; split; nra. }
assert (HAR : IZR A < 81129638414606681695789005144064) by (apply IZR_lt; lia).
set (W := w * bpow radix2 52).
assert (Hww : w = W * bpow radix2 (-52)).
{ unfold W; rewrite Rmult_assoc, <- bpow_plus; simpl; ring. }
assert (HWY : Rabs (W - Y) <= 9 / 81129638414606681695789005144064 * Y).
{ assert (HyY : y * bpow radix2 52 = Y) by (rewrite HY, Rmult_assoc, <- bpow_plus; simpl; ring).
  replace (W - Y) with ((w - y) * bpow radix2 52) by (unfold W; rewrite <- HyY; ring).
  rewrite Rabs_mult, (Rabs_pos_eq (bpow _ _)) by apply bpow_ge_0.
  apply Rmult_le_compat_r with (r := bpow radix2 52) in Hw; [|apply bpow_ge_0].
  apply Rle_trans with (1 := Hw).
  right; rewrite <- HyY; simpl; lra. }
apply Rabs_le_inv in HWY.
assert (Hsmall : 9 / 81129638414606681695789005144064 * Y < / 16) by lra.
pose proof (bpow_gt_0 radix2 (-52)) as Hu.
assert (Hyw : forall lo hi, lo < Y < hi -> lo < W < hi ->
  (lo * bpow radix2 (-52) < y < hi * bpow radix2 (-52)) /\ (lo * bpow radix2 (-52) < w < hi * bpow radix2 (-52))).
{ intros lo hi HH1 HH2; rewrite HY, Hww; repeat split; apply Rmult_lt_compat_r; try exact Hu; lra. }
destruct Hk as [Hk|Hk].
- assert (IZR k <= -19) by (apply IZR_le; lia).
  assert (Hd : (IZR M + / 2 - Y) * (IZR M + / 2 + Y) >= 19) by nra.
  assert (Y < IZR M + / 2) by nra.
  assert (W < IZR M + / 2) by nra.
  destruct (Hyw (IZR M - / 4) (IZR M + / 2)) as [B1 B2]; [lra|lra|].
  rewrite (rounds_down choice M HM y), (rounds_down choice M HM w); [reflexivity| |]; lra.
- assert (19 <= IZR k) by (apply IZR_le; lia).
  assert (Hd : (Y - (IZR M + / 2)) * (IZR M + / 2 + Y) >= 18.75) by nra.
  assert (IZR M + / 2 < Y) by nra.
  assert (IZR M + / 2 < W) by nra.
  destruct (Hyw (IZR M + / 2) (IZR M + 3 / 2)) as [B1 B2]; [lra|lra|].
  rewrite (rounds_up choice M HM y), (rounds_up choice M HM w); [reflexivity| |]; lra.
Qed.

