package writeboost.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/** Each tunable changes what the devices are asked to do. */
class TunablesTest {

  @ParameterizedTest
  @CsvSource({
    "allow_migrate, allow_writeback, 1, 0, 1",
    "enable_migration_modulator, enable_writeback_modulator, 1, 0, 1",
    "migrate_threshold, writeback_threshold, 70, 0, 100",
    "nr_max_batched_migration, nr_max_batched_writeback, 32, 1, 1024",
    "barrier_deadline_ms, barrier_deadline_ms, 0, 0, 1000",
    "update_record_interval, update_sb_record_interval, 60, 0, 3600",
    "sync_interval, sync_data_interval, 60, 0, 3600"
  })
  void haveTwoNamesAStandardAndARange(
      String name, String laterName, int standard, int least, int most) throws IOException {
    Tunable tunable = Objects.requireNonNull(Tunable.find(name));
    assertThat(Tunable.find(laterName)).isSameAs(tunable);
    assertThat(Tunables.STANDARD.get(tunable)).isEqualTo(standard);
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.ENABLE_MIGRATION_MODULATOR, 0);
      for (int value : new int[] {least, most}) {
        volume.tune(tunable, value);
        assertThat(volume.snapshot().tunables().get(tunable)).isEqualTo(value);
      }
      for (int value : new int[] {least - 1, most + 1, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
        assertThatThrownBy(() -> volume.tune(tunable, value))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageContaining(name)
            .hasMessageContaining(least + " to " + most);
        assertThat(volume.snapshot().tunables().get(tunable)).isEqualTo(most);
      }
    }
  }

  @Test
  void nothingIsFoundUnderAnotherName() {
    assertThat(Tunable.find("migrate")).isNull();
    assertThat(Tunable.find("")).isNull();
    assertThat(Tunable.find("ALLOW_MIGRATE")).isNull();
  }

  // write-back

  @Test
  void allowMigrateLetsWriteBackRun() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.ENABLE_MIGRATION_MODULATOR, 0);
      volume.tune(Tunable.ALLOW_MIGRATE, 0);
      volume.fillSegments(3);
      volume.flush();
      volume.seconds(100);
      assertThat(volume.backing.count()).isZero();
      volume.tune(Tunable.ALLOW_MIGRATE, 1);
      volume.seconds(1);
      assertThat(volume.backing.count(Operation.WRITE)).isPositive();
      assertThat(volume.snapshot().dirtyLines()).isZero();
    }
  }

  @Test
  void enableMigrationModulatorTakesTheDecisionOver() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.fillSegments(3);
      volume.flush();
      volume.seconds(10);
      assertThat(volume.backing.count()).isZero();
      volume.tune(Tunable.ENABLE_MIGRATION_MODULATOR, 1);
      assertThat(volume.snapshot().tunables().get(Tunable.ALLOW_MIGRATE)).isEqualTo(1);
      volume.seconds(1);
      assertThat(volume.backing.count(Operation.WRITE)).as("an idle device").isPositive();
      volume.tune(Tunable.ENABLE_MIGRATION_MODULATOR, 0);
      assertThat(volume.snapshot().tunables().get(Tunable.ALLOW_MIGRATE))
          .as("what was set holds again")
          .isZero();
    }
  }

  /** Clients' reads keep the backing device busy for so much of each second. */
  private static void readFor(SmallVolume volume, int percent, int seconds) {
    for (int i = 0; i < seconds; i++) {
      volume.backing.closeGate();
      volume.read(600 + i);
      volume.seconds(percent / 100.0);
      volume.backing.openGate();
      volume.seconds(1 - percent / 100.0);
    }
  }

  @ParameterizedTest
  @CsvSource({"90, 70, false", "90, 100, true", "40, 70, true", "40, 30, false", "0, 0, false"})
  void migrateThresholdSaysWhichLoadStopsWriteBack(int load, int threshold, boolean runs)
      throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.MIGRATE_THRESHOLD, threshold);
      readFor(volume, load, 3);
      volume.forget();
      volume.fillSegments(3);
      volume.flush();
      readFor(volume, load, 5);
      assertThat(volume.snapshot().backingLoad()).isBetween(load - 10, load + 10);
      assertThat(volume.backing.count(Operation.WRITE) > 0).isEqualTo(runs);
    }
  }

  @Test
  void writeBackAloneDoesNotStopItself() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.fillSegments(4);
      volume.flush();
      volume.tune(Tunable.NR_MAX_BATCHED_MIGRATION, 1);
      volume.backing.closeGate();
      volume.tune(Tunable.ENABLE_MIGRATION_MODULATOR, 1);
      for (int i = 0; i < 100 && volume.snapshot().dirtyLines() > 0; i++) {
        volume.seconds(3);
        assertThat(volume.snapshot().backingLoad()).isZero();
        assertThat(volume.snapshot().tunables().isOn(Tunable.ALLOW_MIGRATE)).isTrue();
        volume.backing.letPass();
      }
      assertThat(volume.snapshot().dirtyLines()).isZero();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 6", "2, 3", "6, 1", "1024, 1"})
  void nrMaxBatchedMigrationIsTheSizeOfABatch(int segments, int batches) throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.fillSegments(6);
      volume.flush();
      volume.tune(Tunable.NR_MAX_BATCHED_MIGRATION, segments);
      volume.tune(Tunable.ALLOW_MIGRATE, 1);
      volume.seconds(10);
      assertThat(volume.snapshot().dirtyLines()).isZero();
      assertThat(volume.backing.count(Operation.FLUSH)).isEqualTo(batches);
    }
  }

  // the cache device

  @Test
  void barrierDeadlineGathersBarriers() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.BARRIER_DEADLINE_MS, 50);
      volume.write(1);
      Request first = volume.flush();
      volume.seconds(0.030);
      volume.write(2);
      Request second = volume.flush();
      volume.seconds(0.019);
      assertThat(volume.answered).doesNotContain(first, second);
      assertThat(volume.cache.count()).isZero();
      volume.seconds(0.002);
      assertThat(volume.isDone(first)).isTrue();
      assertThat(volume.isDone(second)).isTrue();
      assertThat(volume.cache.count(Operation.FLUSH)).isEqualTo(1);

      volume.write(3);
      Request third = volume.flush();
      volume.seconds(0.049);
      assertThat(volume.isAnswered(third)).as("it has a deadline of its own").isFalse();
      volume.tune(Tunable.BARRIER_DEADLINE_MS, 0);
      assertThat(volume.isDone(third)).as("who waits need not wait longer").isTrue();
      volume.write(4);
      assertThat(volume.isDone(volume.flush())).isTrue();
      assertThat(volume.cache.count(Operation.FLUSH)).isEqualTo(3);
    }
  }

  @Test
  void aFullSegmentASuspensionAndAStopDoNotWaitForTheDeadline() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.BARRIER_DEADLINE_MS, 1000);
      volume.stopWriteBack();
      volume.write(500);
      Request flush = volume.flush();
      assertThat(volume.isAnswered(flush)).isFalse();
      volume.fillSegments(1);
      assertThat(volume.isDone(flush)).isTrue();

      Request durable = volume.write(600, (byte) 1, Request.FUA);
      assertThat(volume.isAnswered(durable)).isFalse();
      assertThat(volume.isDone(volume.suspend())).isTrue();
      assertThat(volume.isDone(durable)).isTrue();
      volume.driver.resume();

      durable = volume.write(601, (byte) 1, Request.FUA);
      Request stopped = volume.request();
      volume.driver.stop(stopped);
      assertThat(volume.isDone(durable)).isTrue();
      assertThat(volume.isDone(stopped)).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 5, 60})
  void syncIntervalMakesDurableWhatNobodyAsksFor(int interval) throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.SYNC_INTERVAL, interval);
      volume.seconds(1);
      volume.write(1);
      volume.seconds(Math.max(0, interval - 1.2));
      assertThat(volume.cache.count()).isZero();
      volume.seconds(2);
      assertThat(volume.cache.count(Operation.FLUSH)).isEqualTo(interval == 0 ? 0 : 1);
      assertThat(volume.snapshot().unsavedBytes()).isEqualTo(interval == 0 ? 4096 : 0);
      assertThat(volume.snapshot().cursor()).as("no segment is used up").isEqualTo(1);
      volume.forget();
      volume.seconds(1000);
      assertThat(volume.cache.count() + volume.backing.count()).as("idle").isZero();
    }
  }

  @Test
  void updateRecordIntervalNotesWhatIsWrittenBack() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.tune(Tunable.UPDATE_RECORD_INTERVAL, 0);
      volume.tune(Tunable.SYNC_INTERVAL, 0);
      volume.fillSegments(2);
      volume.flush();
      volume.seconds(1000);
      assertThat(volume.snapshot().writtenBackId()).isEqualTo(2);
      assertThat(volume.cache.writesAt(Geometry.RECORD_BLOCK_OFFSET)).isZero();
      volume.tune(Tunable.UPDATE_RECORD_INTERVAL, 5);
      volume.seconds(5.2);
      assertThat(volume.cache.writesAt(Geometry.RECORD_BLOCK_OFFSET)).isEqualTo(1);
      volume.forget();
      volume.seconds(1000);
      assertThat(volume.cache.count()).as("nothing has changed").isZero();
      volume.tune(Tunable.SYNC_INTERVAL, 5);
      volume.seconds(5.2);
      assertThat(volume.cache.count(Operation.FLUSH)).as("a sync makes it durable").isEqualTo(1);
      volume.seconds(1000);
      assertThat(volume.cache.count()).isEqualTo(1);
    }
  }

  // messages

  @Test
  void clearStatSetsTheCountersToZero() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.write(1);
      volume.read(1);
      volume.read(2);
      assertThat(countOfAll(volume)).isEqualTo(3);
      volume.core.clearStatistics();
      assertThat(countOfAll(volume)).isZero();
      volume.read(1);
      assertThat(countOfAll(volume)).isEqualTo(1);
    }
  }

  private static long countOfAll(SmallVolume volume) {
    long sum = 0;
    for (int kind = 0; kind < Pieces.KINDS; kind++) {
      sum += volume.snapshot().pieces().of(kind);
    }
    return sum;
  }

  @Test
  void dropCachesWritesBackEverythingThoughThatIsNotAllowed() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.fillSegments(2);
      volume.write(900);
      volume.seconds(100);
      assertThat(volume.snapshot().dirtyLines()).isEqualTo(2 * SmallVolume.LINES + 1);
      volume.driver.drain();
      volume.seconds(1);
      assertThat(volume.snapshot().isDrained()).isTrue();
      assertThat(volume.backing.count(Operation.WRITE)).isPositive();
    }
  }

  // what is looked at

  @Test
  void theAgeOfTheOldestDirtyDataIsToldInSeconds() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.seconds(1000);
      assertThat(volume.snapshot().oldestDirtySeconds()).isEqualTo(-1);
      volume.write(900);
      volume.seconds(30);
      assertThat(volume.snapshot().oldestDirtySeconds()).isBetween(29L, 31L);
      volume.fillSegments(1);
      volume.seconds(3600);
      assertThat(volume.snapshot().oldestDirtySeconds()).isBetween(3629L, 3631L);
      volume.flush();
      volume.tune(Tunable.ALLOW_MIGRATE, 1);
      volume.seconds(1);
      assertThat(volume.snapshot().dirtyLines()).isEqualTo(1);
      assertThat(volume.snapshot().oldestDirtySeconds()).isBetween(3600L, 3602L);
      volume.driver.drain();
      volume.seconds(1);
      assertThat(volume.snapshot().oldestDirtySeconds()).isEqualTo(-1);
      assertThat(volume.snapshot().linesDirtied()).isEqualTo(SmallVolume.LINES + 1);
    }
  }

  /** The notes of the past are few, however long it is. */
  @Test
  void theAgeIsRightToAHundredthAfterALongTime() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.stopWriteBack();
      volume.tune(Tunable.SYNC_INTERVAL, 0);
      volume.seconds(1);
      volume.write(1);
      volume.write(2);
      for (int i = 0; i < 1500; i++) {
        volume.seconds(1.1);
        volume.write(2, (byte) i, i % 40 == 0 ? Request.FUA : 0);
      }
      assertThat(volume.snapshot().oldestDirtySeconds()).isBetween(1630L, 1652L);
    }
  }

  @Test
  void aVolumeThatHasFailedCanStillBeTuned() throws IOException {
    try (SmallVolume volume = new SmallVolume()) {
      volume.cache.failWith(Errno.EIO);
      volume.write(1);
      assertThat(volume.flush().error).isEqualTo(Errno.EIO);
      volume.tune(Tunable.SYNC_INTERVAL, 1);
      volume.tune(Tunable.BARRIER_DEADLINE_MS, 1);
      volume.seconds(10);
      assertThat(volume.snapshot().tunables().get(Tunable.SYNC_INTERVAL)).isEqualTo(1);
    }
  }
}
