-- dataset-diff
-- Question: What changed between two versions of a dataset?
-- Reads: two versions of the store, of the same columns.
-- Parameter old (text, required): the version before, as entries@1.
-- Parameter new (text, required): the version after, as entries@2.
-- Answer: One row a split and kind of change, with the first rows as samples. A row is known by its row_id. `added` and
--   `removed` count rows that one version alone has, `changed` rows that both have with another value in any column,
--   split included, `same` the rest. `hindsight datasets diff` compares versions of different columns too, and names
--   the columns that changed.
WITH old AS (SELECT * FROM dataset(:old)),
new AS (SELECT * FROM dataset(:new)),
touched AS (SELECT row_id FROM (SELECT * FROM new EXCEPT SELECT * FROM old)),
rows AS (
  SELECT
    coalesce(n.split, o.split) AS split,
    coalesce(n.row_id, o.row_id) AS row_id,
    CASE
      WHEN o.row_id IS NULL THEN 'added'
      WHEN n.row_id IS NULL THEN 'removed'
      WHEN t.row_id IS NULL THEN 'same'
      ELSE 'changed'
    END AS change
  FROM new AS n
  FULL JOIN old AS o ON o.row_id = n.row_id
  LEFT JOIN touched AS t ON t.row_id = n.row_id
)
SELECT split, change, count(*) AS rows, min(row_id) AS first_row_id
FROM rows
GROUP BY split, change
ORDER BY split, change
