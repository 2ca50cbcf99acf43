;; Dot products of one query with many vectors, 32-bit floats, eight at a time.
;; Built with `node scripts/build-vector-scan.ts`; test/node/lance/vector-block.test.ts compares it with plain TypeScript.
(module
  (memory (export "memory") 0)
  ;; $values: address of the first of $rows vectors, one after the other; $bytes: length of one in bytes, a multiple of 32;
  ;; $query: address of the query; $scores: address for one result a vector.
  (func (export "scan")
    (param $values i32) (param $rows i32) (param $bytes i32) (param $query i32) (param $scores i32)
    (local $at i32) (local $even v128) (local $odd v128)
    (block $done
      (loop $row
        (br_if $done (i32.eqz (local.get $rows)))
        (local.set $even (v128.const f32x4 0 0 0 0))
        (local.set $odd (v128.const f32x4 0 0 0 0))
        (local.set $at (i32.const 0))
        (loop $part
          (local.set $even
            (f32x4.add (local.get $even)
              (f32x4.mul
                (v128.load (i32.add (local.get $values) (local.get $at)))
                (v128.load (i32.add (local.get $query) (local.get $at))))))
          (local.set $odd
            (f32x4.add (local.get $odd)
              (f32x4.mul
                (v128.load offset=16 (i32.add (local.get $values) (local.get $at)))
                (v128.load offset=16 (i32.add (local.get $query) (local.get $at))))))
          (local.set $at (i32.add (local.get $at) (i32.const 32)))
          (br_if $part (i32.lt_u (local.get $at) (local.get $bytes))))
        (local.set $even (f32x4.add (local.get $even) (local.get $odd)))
        (f32.store (local.get $scores)
          (f32.add
            (f32.add (f32x4.extract_lane 0 (local.get $even)) (f32x4.extract_lane 1 (local.get $even)))
            (f32.add (f32x4.extract_lane 2 (local.get $even)) (f32x4.extract_lane 3 (local.get $even)))))
        (local.set $values (i32.add (local.get $values) (local.get $bytes)))
        (local.set $scores (i32.add (local.get $scores) (i32.const 4)))
        (local.set $rows (i32.sub (local.get $rows) (i32.const 1)))
        (br $row)))))
