/** Benchmarks, and comparisons side by side with other servers. Nothing depends on this room. */
@NullMarked
package writeboost.bench;

import org.jspecify.annotations.NullMarked;
