;; Dot products of one query with many vectors, 8-bit integers, sixteen at a time.
;; Built with `node scripts/build-vector-scan.ts`; test/worker/int8-scan.test.ts compares it with plain TypeScript.
(module
  (memory (export "memory") 0)
  ;; $values: address of the first of $rows vectors, one after the other; $bytes: length of one in bytes, a multiple of 16;
  ;; $query: address of the query; $sums: address for one 32-bit result a vector.
  (func (export "scan")
    (param $values i32) (param $rows i32) (param $bytes i32) (param $query i32) (param $sums i32)
    (local $at i32) (local $sum v128) (local $left v128) (local $right v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $part
          (local.set $left (v128.load (i32.add (local.get $values) (local.get $at))))
          (local.set $right (v128.load (i32.add (local.get $query) (local.get $at))))
          (local.set $sum
            (i32x4.add (local.get $sum)
              (i32x4.add
                (i32x4.extadd_pairwise_i16x8_s
                  (i16x8.extmul_low_i8x16_s (local.get $left) (local.get $right)))
                (i32x4.extadd_pairwise_i16x8_s
                  (i16x8.extmul_high_i8x16_s (local.get $left) (local.get $right))))))
          (local.set $at (i32.add (local.get $at) (i32.const 16)))
          (br_if $part (i32.lt_u (local.get $at) (local.get $bytes))))
        (i32.store (local.get $sums)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
            (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))
        (local.set $values (i32.add (local.get $values) (local.get $bytes)))
        (local.set $sums (i32.add (local.get $sums) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row)))))
