;; The inner loops that 128-bit vectors make several times faster: sums, crops, resizing.
;;
;; JavaScript copies what they read into this memory and what they write out of it. Each has a plain counterpart in
;; JavaScript that gives the same bits: beside it in kernels.ts for the sums, in ../crop-pass.ts and ../resize-bytes.ts
;; for the others. Addresses, and everything counted in bytes, are i32.
;;
;; After a change: npm run kernels
(module
  ;; The first page holds the constants below; the rest is for images.
  (memory (export "memory") 2)

  ;; Which bytes of 16 pixels (three vectors of red, green, blue, red, ...) belong to a channel: for each channel three
  ;; masks of a swizzle, in which 128 stands for none; first in the order of the pixels, then from right to left.
  (data (i32.const 0)
    "\00\03\06\09\0c\0f\80\80\80\80\80\80\80\80\80\80" "\80\80\80\80\80\80\02\05\08\0b\0e\80\80\80\80\80" "\80\80\80\80\80\80\80\80\80\80\80\01\04\07\0a\0d"
    "\01\04\07\0a\0d\80\80\80\80\80\80\80\80\80\80\80" "\80\80\80\80\80\00\03\06\09\0c\0f\80\80\80\80\80" "\80\80\80\80\80\80\80\80\80\80\80\02\05\08\0b\0e"
    "\02\05\08\0b\0e\80\80\80\80\80\80\80\80\80\80\80" "\80\80\80\80\80\01\04\07\0a\0d\80\80\80\80\80\80" "\80\80\80\80\80\80\80\80\80\80\00\03\06\09\0c\0f"
    "\80\80\80\80\80\80\80\80\80\80\0f\0c\09\06\03\00" "\80\80\80\80\80\0e\0b\08\05\02\80\80\80\80\80\80" "\0d\0a\07\04\01\80\80\80\80\80\80\80\80\80\80\80"
    "\80\80\80\80\80\80\80\80\80\80\80\0d\0a\07\04\01" "\80\80\80\80\80\0f\0c\09\06\03\00\80\80\80\80\80" "\0e\0b\08\05\02\80\80\80\80\80\80\80\80\80\80\80"
    "\80\80\80\80\80\80\80\80\80\80\80\0e\0b\08\05\02" "\80\80\80\80\80\80\0d\0a\07\04\01\80\80\80\80\80" "\0f\0c\09\06\03\00\80\80\80\80\80\80\80\80\80\80")

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
      (i32.add (i32x4.extract_lane 2 (local.get $sums)) (i32x4.extract_lane 3 (local.get $sums)))))

  ;; One channel of a window of colour pixels as floats, byte * scale + shift. The window has at least 16 columns:
  ;; the last 16 of a row are done together, some of them a second time.
  (func (export "cropChannel")
    (param $source i32) ;; the window's first pixel as it is stored
    (param $sourceRow i32) ;; bytes from a row of the image to the next
    (param $target i32) ;; the window's first float in this channel
    (param $targetRow i32) ;; bytes from a row of floats to the next
    (param $rows i32)
    (param $columns i32)
    (param $masks i32) ;; address of the channel's masks above
    (param $mirror i32) ;; 1: each row from right to left, with masks for that
    (param $scale f32)
    (param $shift f32)
    (local $first v128) (local $second v128) (local $third v128)
    (local $scales v128) (local $shifts v128)
    (local $last i32) (local $x i32) (local $from i32) (local $to i32)
    (local $bytes v128) (local $words v128)
    (local.set $first (v128.load (local.get $masks)))
    (local.set $second (v128.load offset=16 (local.get $masks)))
    (local.set $third (v128.load offset=32 (local.get $masks)))
    (local.set $scales (f32x4.splat (local.get $scale)))
    (local.set $shifts (f32x4.splat (local.get $shift)))
    (local.set $last (i32.sub (local.get $columns) (i32.const 16)))
    (block $done
      (loop $eachRow
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $x (i32.const 0))
        (loop $sixteen
          (local.set $from (i32.add (local.get $source) (i32.mul (i32.const 3)
            (select (i32.sub (local.get $last) (local.get $x)) (local.get $x) (local.get $mirror)))))
          (local.set $to (i32.add (local.get $target) (i32.shl (local.get $x) (i32.const 2))))
          (local.set $bytes (v128.or
            (i8x16.swizzle (v128.load (local.get $from)) (local.get $first))
            (v128.or
              (i8x16.swizzle (v128.load offset=16 (local.get $from)) (local.get $second))
              (i8x16.swizzle (v128.load offset=32 (local.get $from)) (local.get $third)))))
          (local.set $words (i16x8.extend_low_i8x16_u (local.get $bytes)))
          (v128.store (local.get $to) (f32x4.add (local.get $shifts) (f32x4.mul (local.get $scales)
            (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $words))))))
          (v128.store offset=16 (local.get $to) (f32x4.add (local.get $shifts) (f32x4.mul (local.get $scales)
            (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $words))))))
          (local.set $words (i16x8.extend_high_i8x16_u (local.get $bytes)))
          (v128.store offset=32 (local.get $to) (f32x4.add (local.get $shifts) (f32x4.mul (local.get $scales)
            (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_u (local.get $words))))))
          (v128.store offset=48 (local.get $to) (f32x4.add (local.get $shifts) (f32x4.mul (local.get $scales)
            (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_u (local.get $words))))))
          (if (i32.lt_s (local.get $x) (local.get $last))
            (then
              (local.set $x (i32.add (local.get $x) (i32.const 16)))
              (if (i32.gt_s (local.get $x) (local.get $last)) (then (local.set $x (local.get $last))))
              (br $sixteen))))
        (local.set $source (i32.add (local.get $source) (local.get $sourceRow)))
        (local.set $target (i32.add (local.get $target) (local.get $targetRow)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $eachRow))))

  ;; Weighted sum of rows of bytes: `bytes` numbers of 16 bits, the sums divided by 2^7. Weights are pairs of 16-bit
  ;; numbers with a sum of 2^14; rows after the last are read, with a weight of 0, when the number of rows is odd.
  ;; Works in steps of 16 bytes, so up to 15 numbers more are written.
  (func (export "blendRows")
    (param $target i32) (param $source i32) (param $row i32) (param $weights i32) (param $pairs i32) (param $bytes i32)
    (local $from i32) (local $weight i32) (local $left i32)
    (local $upper v128) (local $lower v128) (local $both v128) (local $pair v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (loop $sixteen
      (local.set $a (v128.const i32x4 64 64 64 64)) ;; one half, to round
      (local.set $b (local.get $a))
      (local.set $c (local.get $a))
      (local.set $d (local.get $a))
      (local.set $from (local.get $source))
      (local.set $weight (local.get $weights))
      (local.set $left (local.get $pairs))
      (loop $eachPair
        (local.set $upper (v128.load (local.get $from)))
        (local.set $lower (v128.load (i32.add (local.get $from) (local.get $row))))
        (local.set $pair (v128.load32_splat (local.get $weight)))
        (local.set $both
          (i8x16.shuffle 0 16 1 17 2 18 3 19 4 20 5 21 6 22 7 23 (local.get $upper) (local.get $lower)))
        (local.set $a (i32x4.add (local.get $a)
          (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_u (local.get $both)) (local.get $pair))))
        (local.set $b (i32x4.add (local.get $b)
          (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_u (local.get $both)) (local.get $pair))))
        (local.set $both
          (i8x16.shuffle 8 24 9 25 10 26 11 27 12 28 13 29 14 30 15 31 (local.get $upper) (local.get $lower)))
        (local.set $c (i32x4.add (local.get $c)
          (i32x4.dot_i16x8_s (i16x8.extend_low_i8x16_u (local.get $both)) (local.get $pair))))
        (local.set $d (i32x4.add (local.get $d)
          (i32x4.dot_i16x8_s (i16x8.extend_high_i8x16_u (local.get $both)) (local.get $pair))))
        (local.set $from (i32.add (local.get $from) (i32.shl (local.get $row) (i32.const 1))))
        (local.set $weight (i32.add (local.get $weight) (i32.const 4)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $eachPair (local.get $left)))
      (v128.store (local.get $target) (i16x8.narrow_i32x4_s
        (i32x4.shr_s (local.get $a) (i32.const 7)) (i32x4.shr_s (local.get $b) (i32.const 7))))
      (v128.store offset=16 (local.get $target) (i16x8.narrow_i32x4_s
        (i32x4.shr_s (local.get $c) (i32.const 7)) (i32x4.shr_s (local.get $d) (i32.const 7))))
      (local.set $source (i32.add (local.get $source) (i32.const 16)))
      (local.set $target (i32.add (local.get $target) (i32.const 32)))
      (local.set $bytes (i32.sub (local.get $bytes) (i32.const 16)))
      (br_if $sixteen (i32.gt_s (local.get $bytes) (i32.const 0)))))

  ;; Weighted sums of the colour pixels of one row of 16-bit numbers, as bytes: the sums divided by 2^21. For each
  ;; column `taps` has the first byte of its first pixel in the row, then pairs of weights as above. One byte more
  ;; than the row is written, and up to 10 bytes after a column's last pixel are read.
  (func (export "blendColumns")
    (param $target i32) (param $row i32) (param $taps i32) (param $pairs i32) (param $columns i32)
    (local $from i32) (local $left i32) (local $sum v128)
    (loop $eachColumn
      (local.set $from (i32.add (local.get $row) (i32.load (local.get $taps))))
      (local.set $taps (i32.add (local.get $taps) (i32.const 4)))
      (local.set $sum (v128.const i32x4 0x100000 0x100000 0x100000 0x100000)) ;; one half, to round
      (local.set $left (local.get $pairs))
      (loop $eachPair
        ;; red, green, blue, red, green, blue -> red, red, green, green, blue, blue
        (local.set $sum (i32x4.add (local.get $sum) (i32x4.dot_i16x8_s
          (i8x16.shuffle 0 1 6 7 2 3 8 9 4 5 10 11 12 13 14 15
            (v128.load (local.get $from)) (v128.const i32x4 0 0 0 0))
          (v128.load32_splat (local.get $taps)))))
        (local.set $from (i32.add (local.get $from) (i32.const 12)))
        (local.set $taps (i32.add (local.get $taps) (i32.const 4)))
        (local.set $left (i32.sub (local.get $left) (i32.const 1)))
        (br_if $eachPair (local.get $left)))
      (local.set $sum (i32x4.shr_s (local.get $sum) (i32.const 21)))
      (local.set $sum (i16x8.narrow_i32x4_s (local.get $sum) (local.get $sum)))
      (v128.store32_lane 0 (local.get $target) (i8x16.narrow_i16x8_u (local.get $sum) (local.get $sum)))
      (local.set $target (i32.add (local.get $target) (i32.const 3)))
      (local.set $columns (i32.sub (local.get $columns) (i32.const 1)))
      (br_if $eachColumn (local.get $columns)))))
