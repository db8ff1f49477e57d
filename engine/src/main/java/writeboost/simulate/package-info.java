/**
 * The world in a box: disks that forget, tear and reorder, clients, a clock, and crashes, all on
 * one thread and out of one seed, over the real core.
 *
 * <p>Reading order: {@link writeboost.simulate.Simulation} (a run), {@link
 * writeboost.simulate.SimulatedDisk}, {@link writeboost.simulate.PrefixChecker} (what must hold),
 * {@link writeboost.simulate.SimulatedWorld}. {@link writeboost.simulate.RotatingDisk} stands by
 * itself: what a disk's arm and rotation cost. Nothing here may depend on real time, threads, or
 * the order of an unordered collection: a seed replays a run bit for bit.
 */
@NullMarked
package writeboost.simulate;

import org.jspecify.annotations.NullMarked;
