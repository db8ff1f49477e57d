/**
 * The control socket: how other processes ask a running server. A line of JSON asks, lines of JSON
 * answer; docs/OPERATION.md has the protocol.
 *
 * <p>What the commands do is not in here: that is a {@link writeboost.cli.control.Controlled}.
 */
@NullMarked
package writeboost.cli.control;

import org.jspecify.annotations.NullMarked;
