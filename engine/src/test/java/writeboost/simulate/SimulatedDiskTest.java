package writeboost.simulate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static writeboost.layout.Geometry.SECTOR;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import writeboost.device.Operation;
import writeboost.device.Request;

final class SimulatedDiskTest {

  private static final int SECTORS = 16;
  private static final int TRIES = 200;

  private final Chance chance = new Chance(1);
  private final EventQueue queue = new EventQueue(chance);
  private final MemorySegment memory = Arena.ofAuto().allocate(SECTORS * SECTOR);
  private int answers;

  private SimulatedDisk disk() {
    return new SimulatedDisk("disk", SECTORS * SECTOR, chance, queue);
  }

  private void submit(SimulatedDisk disk, Request request) {
    disk.submit(new Request[] {request}, 1);
  }

  private Request request(Operation operation, int sector, int count) {
    long length = operation == Operation.FLUSH ? 0 : (long) count * SECTOR;
    return new Request(answered -> answers++)
        .set(operation, 0, (long) sector * SECTOR, length, memory, 0);
  }

  private void write(SimulatedDisk disk, int sector, int count, int value) {
    memory.fill((byte) value);
    submit(disk, request(Operation.WRITE, sector, count));
  }

  private void flush(SimulatedDisk disk) {
    submit(disk, request(Operation.FLUSH, 0, 0));
  }

  /** The value in a sector, or -1 if it is torn. */
  private int read(SimulatedDisk disk, int sector) {
    disk.answerAtOnce(0);
    submit(disk, request(Operation.READ, sector, 1));
    byte first = memory.get(ValueLayout.JAVA_BYTE, 0);
    for (int i = 0; i < SECTOR; i++) {
      if (memory.get(ValueLayout.JAVA_BYTE, i) != first) {
        return -1;
      }
    }
    return first;
  }

  private void drain() {
    while (!queue.isEmpty()) {
      queue.next();
    }
  }

  @Test
  void whatIsWrittenIsRead() {
    SimulatedDisk disk = disk();
    write(disk, 2, 3, 7);
    assertThat(read(disk, 1)).isZero();
    assertThat(read(disk, 2)).isEqualTo(7);
    assertThat(read(disk, 4)).isEqualTo(7);
    assertThat(read(disk, 5)).isZero();
    submit(disk, request(Operation.WRITE_ZEROES, 3, 1));
    assertThat(read(disk, 3)).isZero();
    assertThat(answers).isEqualTo(7);
  }

  @Test
  void whatIsFlushedSurvivesAPowerLoss() {
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      write(disk, 0, SECTORS, 7);
      flush(disk);
      disk.losePower(0.5, false);
      for (int sector = 0; sector < SECTORS; sector++) {
        assertThat(read(disk, sector)).isEqualTo(7);
      }
    }
  }

  @Test
  void whatIsNotFlushedSurvivesSectorBySector() {
    BitSet kept = new BitSet();
    BitSet lost = new BitSet();
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      write(disk, 0, SECTORS, 7);
      disk.losePower(0.5, false);
      for (int sector = 0; sector < SECTORS; sector++) {
        int value = read(disk, sector);
        assertThat(value).isIn(0, 7);
        (value == 7 ? kept : lost).set(sector);
      }
    }
    assertThat(kept.cardinality()).isEqualTo(SECTORS);
    assertThat(lost.cardinality()).isEqualTo(SECTORS);
  }

  @Test
  void orWriteByWrite() {
    TreeSet<Integer> survivors = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      write(disk, 0, SECTORS, 1);
      write(disk, 0, SECTORS, 2);
      disk.losePower(0.5, true);
      int survivor = read(disk, 0);
      survivors.add(survivor);
      for (int sector = 0; sector < SECTORS; sector++) {
        assertThat(read(disk, sector)).isEqualTo(survivor);
      }
    }
    assertThat(survivors).containsExactly(0, 1, 2);
  }

  @Test
  void anyOfSeveralVersionsMaySurvive() {
    TreeSet<Integer> survivors = new TreeSet<>();
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      write(disk, 0, 1, 1);
      flush(disk);
      write(disk, 0, 1, 2);
      write(disk, 0, 1, 3);
      disk.losePower(0.5, false);
      survivors.add(read(disk, 0));
    }
    assertThat(survivors).containsExactly(1, 2, 3);
  }

  @Test
  void afterAKillAllIsReadableAndStillVolatile() {
    boolean lost = false;
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      write(disk, 0, 1, 7);
      disk.kill();
      assertThat(read(disk, 0)).isEqualTo(7);
      disk.losePower(0.5, false);
      lost |= read(disk, 0) == 0;
    }
    assertThat(lost).isTrue();
  }

  @Test
  void aFlushAfterAKillCoversWhatTheDeadProcessWrote() {
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      disk.takeTime(10, 10);
      write(disk, 0, 1, 7);
      queue.next();
      disk.kill();
      queue.clear();
      disk.answerAtOnce(0);
      flush(disk);
      disk.losePower(0.1, false);
      assertThat(read(disk, 0)).isEqualTo(7);
    }
  }

  @Test
  void aFlushNeedNotCoverWhatWasUnanswered() {
    boolean lost = false;
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      disk.takeTime(10, 10);
      write(disk, 0, 1, 7);
      flush(disk);
      drain();
      disk.losePower(0.5, false);
      lost |= read(disk, 0) == 0;
    }
    assertThat(lost).isTrue();
  }

  @Test
  void aWriteInFlightMayGetThroughInPart() {
    BitSet seen = new BitSet();
    for (int i = 0; i < TRIES; i++) {
      SimulatedDisk disk = disk();
      disk.takeTime(10, 10);
      write(disk, 0, 2, 7);
      queue.clear();
      disk.kill();
      seen.set((read(disk, 0) == 7 ? 1 : 0) + (read(disk, 1) == 7 ? 2 : 0));
    }
    assertThat(seen.cardinality()).isEqualTo(4);
  }

  @Test
  void inlineEveryRequestMayBeTheEnd() {
    SimulatedDisk disk = disk();
    disk.answerAtOnce(1);
    assertThatExceptionOfType(SimulatedCrash.class).isThrownBy(() -> write(disk, 0, 1, 7));
    assertThat(answers).isZero();
  }

  @Test
  void memoryThatChangesInFlightIsNoticed() {
    SimulatedDisk disk = disk();
    disk.takeTime(10, 10);
    write(disk, 0, 1, 7);
    memory.fill((byte) 8);
    assertThatExceptionOfType(Violation.class).isThrownBy(this::drain);
  }

  @Test
  void twoWritesInFlightToOnePlaceAreNoticed() {
    SimulatedDisk disk = disk();
    disk.takeTime(10, 10);
    write(disk, 0, 2, 7);
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> write(disk, 1, 2, 7));
  }

  @Test
  void aRequestOutsideIsNoticed() {
    SimulatedDisk disk = disk();
    assertThatExceptionOfType(Violation.class).isThrownBy(() -> write(disk, SECTORS - 1, 2, 7));
  }
}
