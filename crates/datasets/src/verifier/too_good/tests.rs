use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn area_is_the_share_of_pairs_that_the_class_wins(
        rows in prop::collection::vec((0_u8..12, 0_u8..3, any::<bool>()), 40..120),
    ) {
        let values: Vec<(usize, f64)> =
            rows.iter().enumerate().map(|(at, (_, class, _))| (at, f64::from(*class))).collect();
        let cells = Cells {
            values: rows.iter().map(|(value, _, _)| f64::from(*value)).collect(),
            is_null: rows.iter().map(|(_, _, is_null)| *is_null).collect(),
        };
        let mut expected: Option<f64> = None;
        for class in 0..3 {
            let side = |is_inside: bool| -> Vec<u8> {
                let is_meant = |row: &&(u8, u8, bool)| !row.2 && (row.1 == class) == is_inside;
                rows.iter().filter(is_meant).map(|row| row.0).collect()
            };
            let (inside, outside) = (side(true), side(false));
            if inside.len() < 20 || outside.len() < 20 {
                continue;
            }
            let wins: u32 = inside
                .iter()
                .flat_map(|a| outside.iter().map(move |b| if a > b { 2 } else { u32::from(a == b) }))
                .sum();
            let pairs = (2 * inside.len() * outside.len()) as f64;
            let auc = f64::from(wins) / pairs;
            let auc = auc.max((pairs - f64::from(wins)) / pairs);
            expected = Some(expected.map_or(auc, |best| best.max(auc)));
        }
        let found = HeldClasses::new("grade", &values, true).best(&cells).0;
        prop_assert_eq!(found, expected);
    }
}
