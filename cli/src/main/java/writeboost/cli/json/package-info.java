/**
 * JSON of the command: streamed out, and small objects read in.
 *
 * <p>Knows nothing of writeboost.
 */
@NullMarked
package writeboost.cli.json;

import org.jspecify.annotations.NullMarked;
