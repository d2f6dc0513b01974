;; The inner loops that 128-bit vectors make several times faster: crops and resizing (sums.wat has the sums).
;;
;; JavaScript copies what they read into this memory and what they write out of it. Each has a plain counterpart in
;; JavaScript that gives the same bits: in ../pipeline/crop-pass.ts, ../fill/paint-colour.ts and ../image/resize-bytes.ts.
;; Addresses, and everything counted in bytes, are i32.
;;
;; After a change: npm run kernels
(module
  (memory (export "memory") 1)

  ;; A crop of colour pixels as floats, byte * scale + shift, one channel after the other; zero outside the image.
  ;; The part inside, the window, has at least 16 columns: the last 16 of a row are done together, some of them a
  ;; second time. Four bytes after the window's last pixel are read.
  (func (export "cropColour")
    (param $source i32) ;; the window's first pixel as it is stored
    (param $sourceRow i32) ;; bytes from a row of the image to the next
    (param $target i32) ;; the crop's first float
    (param $height i32) (param $width i32) ;; of the crop
    (param $top i32) (param $rows i32) ;; of the window in the crop
    (param $left i32) (param $columns i32) ;; of the window in the crop
    (param $mirror i32) ;; 1: each row of the window from right to left
    (param $redScale f32) (param $greenScale f32) (param $blueScale f32)
    (param $redShift f32) (param $greenShift f32) (param $blueShift f32)
    (local $row i32) (local $plane i32) (local $twoPlanes i32) (local $zeros v128)
    (local $above i32) (local $below i32) (local $channel i32)
    (local $to i32) (local $end i32)
    (local $last i32) (local $x i32) (local $from i32)
    (local $first v128) (local $second v128) (local $third v128) (local $fourth v128)
    (local $redScales v128) (local $greenScales v128) (local $blueScales v128)
    (local $redShifts v128) (local $greenShifts v128) (local $blueShifts v128)
    (local.set $redScales (f32x4.splat (local.get $redScale)))
    (local.set $greenScales (f32x4.splat (local.get $greenScale)))
    (local.set $blueScales (f32x4.splat (local.get $blueScale)))
    (local.set $redShifts (f32x4.splat (local.get $redShift)))
    (local.set $greenShifts (f32x4.splat (local.get $greenShift)))
    (local.set $blueShifts (f32x4.splat (local.get $blueShift)))
    (local.set $row (i32.shl (local.get $width) (i32.const 2)))
    (local.set $plane (i32.mul (local.get $height) (local.get $row))) ;; bytes of a channel
    (local.set $twoPlanes (i32.shl (local.get $plane) (i32.const 1)))
    (local.set $above (i32.mul (local.get $top) (local.get $row)))
    (local.set $below (i32.mul
      (i32.sub (i32.sub (local.get $height) (local.get $top)) (local.get $rows)) (local.get $row)))
    (local.set $channel (local.get $target))
    (local.set $end (i32.add (local.get $target) (i32.add (local.get $plane) (local.get $twoPlanes))))
    (loop $eachChannel
      (memory.fill (local.get $channel) (i32.const 0) (local.get $above))
      (local.set $channel (i32.add (local.get $channel) (local.get $plane)))
      (memory.fill (i32.sub (local.get $channel) (local.get $below)) (i32.const 0) (local.get $below))
      (br_if $eachChannel (i32.lt_u (local.get $channel) (local.get $end))))
    (local.set $target (i32.add (local.get $target) (local.get $above)))
    (local.set $left (i32.shl (local.get $left) (i32.const 2)))
    (local.set $last (i32.sub (local.get $columns) (i32.const 16)))
    (block $done
      (loop $eachRow
        (br_if $done (i32.eqz (local.get $rows)))
        ;; Zero on the left and on the right, four at a time: what is too much lies in the window, which comes after.
        (local.set $to (local.get $target))
        (local.set $end (i32.add (local.get $target) (local.get $left)))
        (block $leftDone
          (loop $four
            (br_if $leftDone (i32.ge_u (local.get $to) (local.get $end)))
            (v128.store (local.get $to) (local.get $zeros))
            (v128.store (i32.add (local.get $to) (local.get $plane)) (local.get $zeros))
            (v128.store (i32.add (local.get $to) (local.get $twoPlanes)) (local.get $zeros))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br $four)))
        (local.set $to (i32.add (local.get $target) (local.get $row)))
        (local.set $end (i32.add (local.get $end) (i32.shl (local.get $columns) (i32.const 2))))
        (block $rightDone
          (loop $four
            (br_if $rightDone (i32.le_u (local.get $to) (local.get $end)))
            (local.set $to (i32.sub (local.get $to) (i32.const 16)))
            (v128.store (local.get $to) (local.get $zeros))
            (v128.store (i32.add (local.get $to) (local.get $plane)) (local.get $zeros))
            (v128.store (i32.add (local.get $to) (local.get $twoPlanes)) (local.get $zeros))
            (br $four)))
        (local.set $x (i32.const 0))
        (loop $pixels
          ;; Red, green, blue, red, green, blue ... of four pixels each, and four bytes more.
          (local.set $to (i32.add (i32.add (local.get $target) (local.get $left))
            (i32.shl (local.get $x) (i32.const 2))))
          (if (local.get $mirror)
            (then
              (local.set $from (i32.add (local.get $source)
                (i32.mul (i32.const 3) (i32.sub (local.get $last) (local.get $x)))))
              (local.set $first (i8x16.swizzle (v128.load offset=36 (local.get $from))
                (v128.const i8x16 9 10 11 6 7 8 3 4 5 0 1 2 128 128 128 128)))
              (local.set $second (i8x16.swizzle (v128.load offset=24 (local.get $from))
                (v128.const i8x16 9 10 11 6 7 8 3 4 5 0 1 2 128 128 128 128)))
              (local.set $third (i8x16.swizzle (v128.load offset=12 (local.get $from))
                (v128.const i8x16 9 10 11 6 7 8 3 4 5 0 1 2 128 128 128 128)))
              (local.set $fourth (i8x16.swizzle (v128.load (local.get $from))
                (v128.const i8x16 9 10 11 6 7 8 3 4 5 0 1 2 128 128 128 128))))
            (else
              (local.set $from (i32.add (local.get $source) (i32.mul (i32.const 3) (local.get $x))))
              (local.set $first (v128.load (local.get $from)))
              (local.set $second (v128.load offset=12 (local.get $from)))
              (local.set $third (v128.load offset=24 (local.get $from)))
              (local.set $fourth (v128.load offset=36 (local.get $from)))))
          (v128.store (local.get $to)
            (f32x4.add (local.get $redShifts) (f32x4.mul (local.get $redScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $first)
                (v128.const i8x16 0 128 128 128 3 128 128 128 6 128 128 128 9 128 128 128))))))
          (v128.store offset=16 (local.get $to)
            (f32x4.add (local.get $redShifts) (f32x4.mul (local.get $redScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $second)
                (v128.const i8x16 0 128 128 128 3 128 128 128 6 128 128 128 9 128 128 128))))))
          (v128.store offset=32 (local.get $to)
            (f32x4.add (local.get $redShifts) (f32x4.mul (local.get $redScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $third)
                (v128.const i8x16 0 128 128 128 3 128 128 128 6 128 128 128 9 128 128 128))))))
          (v128.store offset=48 (local.get $to)
            (f32x4.add (local.get $redShifts) (f32x4.mul (local.get $redScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $fourth)
                (v128.const i8x16 0 128 128 128 3 128 128 128 6 128 128 128 9 128 128 128))))))
          (local.set $to (i32.add (local.get $to) (local.get $plane)))
          (v128.store (local.get $to)
            (f32x4.add (local.get $greenShifts) (f32x4.mul (local.get $greenScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $first)
                (v128.const i8x16 1 128 128 128 4 128 128 128 7 128 128 128 10 128 128 128))))))
          (v128.store offset=16 (local.get $to)
            (f32x4.add (local.get $greenShifts) (f32x4.mul (local.get $greenScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $second)
                (v128.const i8x16 1 128 128 128 4 128 128 128 7 128 128 128 10 128 128 128))))))
          (v128.store offset=32 (local.get $to)
            (f32x4.add (local.get $greenShifts) (f32x4.mul (local.get $greenScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $third)
                (v128.const i8x16 1 128 128 128 4 128 128 128 7 128 128 128 10 128 128 128))))))
          (v128.store offset=48 (local.get $to)
            (f32x4.add (local.get $greenShifts) (f32x4.mul (local.get $greenScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $fourth)
                (v128.const i8x16 1 128 128 128 4 128 128 128 7 128 128 128 10 128 128 128))))))
          (local.set $to (i32.add (local.get $to) (local.get $plane)))
          (v128.store (local.get $to)
            (f32x4.add (local.get $blueShifts) (f32x4.mul (local.get $blueScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $first)
                (v128.const i8x16 2 128 128 128 5 128 128 128 8 128 128 128 11 128 128 128))))))
          (v128.store offset=16 (local.get $to)
            (f32x4.add (local.get $blueShifts) (f32x4.mul (local.get $blueScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $second)
                (v128.const i8x16 2 128 128 128 5 128 128 128 8 128 128 128 11 128 128 128))))))
          (v128.store offset=32 (local.get $to)
            (f32x4.add (local.get $blueShifts) (f32x4.mul (local.get $blueScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $third)
                (v128.const i8x16 2 128 128 128 5 128 128 128 8 128 128 128 11 128 128 128))))))
          (v128.store offset=48 (local.get $to)
            (f32x4.add (local.get $blueShifts) (f32x4.mul (local.get $blueScales)
              (f32x4.convert_i32x4_s (i8x16.swizzle (local.get $fourth)
                (v128.const i8x16 2 128 128 128 5 128 128 128 8 128 128 128 11 128 128 128))))))
          (if (i32.lt_s (local.get $x) (local.get $last))
            (then
              (local.set $x (i32.add (local.get $x) (i32.const 16)))
              (if (i32.gt_s (local.get $x) (local.get $last)) (then (local.set $x (local.get $last))))
              (br $pixels))))
        (local.set $source (i32.add (local.get $source) (local.get $sourceRow)))
        (local.set $target (i32.add (local.get $target) (local.get $row)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $eachRow))))

  ;; One value in a rectangle of floats, of at least one row and one column.
  (func (export "fillRectangle")
    (param $target i32) ;; its first float
    (param $row i32) ;; bytes from a row to the next
    (param $rows i32) (param $columns i32)
    (param $value f32)
    (local $values v128) (local $to i32) (local $last i32)
    (local.set $values (f32x4.splat (local.get $value)))
    (loop $eachRow
      (local.set $to (local.get $target))
      (local.set $last (i32.add (local.get $target)
        (i32.shl (i32.sub (local.get $columns) (i32.const 4)) (i32.const 2))))
      (if (i32.lt_u (local.get $columns) (i32.const 4))
        (then
          (local.set $last (i32.add (local.get $last) (i32.const 12)))
          (loop $each
            (f32.store (local.get $to) (local.get $value))
            (local.set $to (i32.add (local.get $to) (i32.const 4)))
            (br_if $each (i32.le_u (local.get $to) (local.get $last)))))
        (else
          (loop $four
            (v128.store (local.get $to) (local.get $values))
            (local.set $to (i32.add (local.get $to) (i32.const 16)))
            (br_if $four (i32.lt_u (local.get $to) (local.get $last))))
          ;; The last four, some of them a second time.
          (v128.store (local.get $last) (local.get $values))))
      (local.set $target (i32.add (local.get $target) (local.get $row)))
      (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
      (br_if $eachRow (local.get $rows))))

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
