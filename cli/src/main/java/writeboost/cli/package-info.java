/**
 * The {@code writeboost} command: options, exit codes, signals, messages to people.
 *
 * <p>Puts the engine and the NBD server together. No cache logic and no protocol in here.
 */
@NullMarked
package writeboost.cli;

import org.jspecify.annotations.NullMarked;
