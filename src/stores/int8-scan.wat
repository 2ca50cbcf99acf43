;; Dot products of one query with many vectors of 8-bit integers, sixteen at a time.
;; Built with `node scripts/build-vector-scan.ts`; test/stores/int8-scan.test.ts compares it with plain TypeScript.
(module
  (memory (export "memory") 0)
  ;; $values: address of the first of $rows vectors, one after the other; $bytes: length of one in bytes, a multiple of 16;
  ;; $query: address of the query as 16-bit integers, so that only the vectors are widened; $sums: address for one 32-bit result a vector.
  (func (export "scan")
    (param $values i32) (param $rows i32) (param $bytes i32) (param $query i32) (param $sums i32)
    (local $from i32) (local $end i32) (local $sum v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $sum (v128.const i32x4 0 0 0 0))
        (local.set $from (local.get $query))
        (local.set $end (i32.add (local.get $values) (local.get $bytes)))
        (loop $part
          (local.set $sum
            (i32x4.add (local.get $sum)
              (i32x4.add
                (i32x4.dot_i16x8_s
                  (v128.load (local.get $from))
                  (v128.load8x8_s (local.get $values)))
                (i32x4.dot_i16x8_s
                  (v128.load offset=16 (local.get $from))
                  (v128.load8x8_s offset=8 (local.get $values))))))
          (local.set $from (i32.add (local.get $from) (i32.const 32)))
          (local.set $values (i32.add (local.get $values) (i32.const 16)))
          (br_if $part (i32.lt_u (local.get $values) (local.get $end))))
        (i32.store (local.get $sums)
          (i32.add
            (i32.add (i32x4.extract_lane 0 (local.get $sum)) (i32x4.extract_lane 1 (local.get $sum)))
            (i32.add (i32x4.extract_lane 2 (local.get $sum)) (i32x4.extract_lane 3 (local.get $sum)))))
        (local.set $sums (i32.add (local.get $sums) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row)))))
