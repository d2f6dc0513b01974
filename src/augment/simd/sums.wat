;; Sums of many numbers with 128-bit vectors: a module of its own, because who only paints holes needs no more.
;;
;; JavaScript copies what they read into this memory. The plain loops of sums.ts give the same bits.
;; Addresses, and everything counted in bytes, are i32.
;;
;; After a change: npm run kernels
(module
  (memory (export "memory") 1)

  ;; Sum of the floats in [start, end), a multiple of 16 of them. Number i is added to sum i mod 16, in single
  ;; precision; after every 1024 numbers the 16 sums are added in double precision to two totals, the even and the odd.
  (func (export "sumFloats") (param $at i32) (param $end i32) (result f64)
    (local $stop i32)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $totals v128)
    (block $done
      (loop $blocks
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $stop (i32.add (local.get $at) (i32.const 4096)))
        (if (i32.gt_u (local.get $stop) (local.get $end)) (then (local.set $stop (local.get $end))))
        (local.set $a (v128.const i32x4 0 0 0 0))
        (local.set $b (local.get $a))
        (local.set $c (local.get $a))
        (local.set $d (local.get $a))
        (loop $numbers
          (local.set $a (f32x4.add (local.get $a) (v128.load (local.get $at))))
          (local.set $b (f32x4.add (local.get $b) (v128.load offset=16 (local.get $at))))
          (local.set $c (f32x4.add (local.get $c) (v128.load offset=32 (local.get $at))))
          (local.set $d (f32x4.add (local.get $d) (v128.load offset=48 (local.get $at))))
          (local.set $at (i32.add (local.get $at) (i32.const 64)))
          (br_if $numbers (i32.lt_u (local.get $at) (local.get $stop))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4 (local.get $a))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $a) (local.get $a)))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4 (local.get $b))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $b) (local.get $b)))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4 (local.get $c))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $c) (local.get $c)))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4 (local.get $d))))
        (local.set $totals (f64x2.add (local.get $totals) (f64x2.promote_low_f32x4
          (i8x16.shuffle 8 9 10 11 12 13 14 15 0 1 2 3 4 5 6 7 (local.get $d) (local.get $d)))))
        (br $blocks)))
    (f64.add (f64x2.extract_lane 0 (local.get $totals)) (f64x2.extract_lane 1 (local.get $totals))))

  ;; Sum of the bytes in [start, end), a multiple of 16 of them and at most 2^23.
  (func (export "sumBytes") (param $at i32) (param $end i32) (result i32)
    (local $sums v128)
    (block $done
      (loop $bytes
        (br_if $done (i32.ge_u (local.get $at) (local.get $end)))
        (local.set $sums (i32x4.add (local.get $sums)
          (i32x4.extadd_pairwise_i16x8_u (i16x8.extadd_pairwise_i8x16_u (v128.load (local.get $at))))))
        (local.set $at (i32.add (local.get $at) (i32.const 16)))
        (br $bytes)))
    (i32.add
      (i32.add (i32x4.extract_lane 0 (local.get $sums)) (i32x4.extract_lane 1 (local.get $sums)))
      (i32.add (i32x4.extract_lane 2 (local.get $sums)) (i32x4.extract_lane 3 (local.get $sums))))))
