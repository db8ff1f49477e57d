package writeboost.bench;

import java.util.List;

/**
 * What came of one target.
 *
 * @param series ours first, then those it is compared with
 * @param verdicts empty where there is no target
 * @param notes what a reader of the figures has to know
 */
record Result(Target target, List<Series> series, List<Verdict> verdicts, List<String> notes) {}
