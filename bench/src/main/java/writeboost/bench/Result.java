package writeboost.bench;

/** What came of one benchmark. */
sealed interface Result permits Comparison, DrainResult {}
