/**
 * What the passive core asks its caller to do: the vocabulary between the state machine and whoever
 * drives it.
 *
 * <p>The core decides under its lock and appends to {@link Effects}; the caller unlocks, runs the
 * {@link Work}, submits the {@link DeviceOperation}s, answers the completed requests, and reports
 * back. The production driver does so on the thread that brought the requests; the simulator makes
 * every single effect an event of its own. No decision and no policy may enter here.
 */
@NullMarked
package writeboost.effect;

import org.jspecify.annotations.NullMarked;
