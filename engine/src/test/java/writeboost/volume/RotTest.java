package writeboost.volume;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Formatter;
import writeboost.layout.Geometry;

/**
 * Lines that cannot be written back, because they are damaged or a device refuses them: their
 * sectors are errors until they are overwritten, or stay in the log; all else goes on.
 */
@Timeout(60)
class RotTest {

  private static final int SECTOR = 512;
  private static final int BLOCK = 4096;
  private static final int REGION = 1 << 20;
  private static final int BACKING_BYTES = 4 << 20;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(64 * BLOCK);
  private final RefusingDevice backing = new RefusingDevice(BACKING_BYTES);
  private RefusingDevice cache = new RefusingDevice(REGION);
  private int order;
  private Volume volume;
  private Blocking device;

  private void begin(int newOrder, int slots) throws IOException {
    order = newOrder;
    cache.close();
    cache = new RefusingDevice(REGION + ((long) slots << order + 9));
    open();
  }

  private void open() throws IOException {
    VolumeOptions options =
        new VolumeOptions(order, false, 4 * (512L << order), false, false, "cache", "backing");
    volume = Volume.open(backing, cache, options, Formatter.Progress.NONE);
    device = new Blocking(volume, "volume");
  }

  private void reopen() throws IOException {
    volume.stop();
    volume.close();
    open();
  }

  @AfterEach
  void end() {
    volume.close();
    cache.close();
    backing.close();
    arena.close();
  }

  // blocks, told apart by what they are filled with

  private void write(int block, int value) throws IOException {
    writeSectors(block, 0, 8, value);
  }

  private void writeSectors(int block, int sector, int count, int value) throws IOException {
    long bytes = (long) count * SECTOR;
    device.write((long) block * BLOCK + sector * SECTOR, fill(block, value).asSlice(0, bytes));
  }

  private MemorySegment fill(int block, int value) {
    MemorySegment memory = buffer.asSlice(0, BLOCK);
    memory.fill((byte) value);
    for (int sector = 0; sector < 8; sector++) {
      memory.set(JAVA_BYTE, (long) sector * SECTOR, (byte) block);
      memory.set(JAVA_BYTE, (long) sector * SECTOR + 1, (byte) (block >> 8));
    }
    return memory;
  }

  private void assertHolds(Blocking where, int block, int value) throws IOException {
    assertSectorsHold(where, block, 0, 8, value);
  }

  private void assertSectorsHold(Blocking where, int block, int sector, int count, int value)
      throws IOException {
    MemorySegment read = buffer.asSlice(BLOCK, (long) count * SECTOR);
    where.read((long) block * BLOCK + sector * SECTOR, read);
    assertThat(read.mismatch(fill(block, value).asSlice(0, read.byteSize())))
        .as("block %d", block)
        .isEqualTo(-1);
  }

  private void assertLost(int block, int sector, int count) {
    MemorySegment read = buffer.asSlice(BLOCK, (long) count * SECTOR);
    assertThatThrownBy(() -> device.read((long) block * BLOCK + sector * SECTOR, read))
        .as("block %d", block)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("EIO");
  }

  private Blocking raw() {
    return new Blocking(backing, "backing");
  }

  /** Writes a part of the volume so often that all of the log is used again. */
  private void lap(int laps, int fromBlock, int value) throws IOException {
    long logBlocks = (cache.size() - REGION) / BLOCK;
    for (int i = 0; i < laps * logBlocks; i++) {
      write(fromBlock + i % 100, value);
    }
    device.flush();
  }

  /** Flips a bit of every line that holds this; how many there are. */
  private int rot(int block, int value) throws IOException {
    Blocking raw = new Blocking(cache, "cache");
    MemorySegment line = buffer.asSlice(2 * BLOCK, BLOCK);
    int found = 0;
    for (long at = REGION; at + BLOCK <= cache.size(); at += BLOCK) {
      raw.read(at, line);
      if (line.mismatch(fill(block, value)) == -1) {
        line.set(JAVA_BYTE, 1000, (byte) ~line.get(JAVA_BYTE, 1000));
        raw.write(at, line);
        found++;
      }
    }
    return found;
  }

  private static void await(BooleanSupplier condition) {
    while (!condition.getAsBoolean()) {
      Thread.onSpinWait();
    }
  }

  private static boolean writesTo(Request request, int block) {
    long from = (long) block * BLOCK;
    return request.operation == Operation.WRITE
        && request.offset < from + BLOCK
        && from < request.offset + request.length;
  }

  // damage

  @Test
  void aDamagedLineIsAnErrorForItsSectorsUntilTheyAreOverwritten() throws IOException {
    begin(7, 4);
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < 10; block++) {
      write(block, 1);
    }
    writeSectors(20, 2, 3, 1);
    volume.stop();
    volume.close();
    assertThat(rot(3, 1)).isEqualTo(1);
    rotPartOf20();
    backing.refuse(Errno.OK, request -> false);
    open();
    for (int life = 0; life < 3; life++) {
      assertLost(3, 0, 8);
      assertLost(3, 7, 1);
      assertLost(2, 0, 24);
      assertLost(20, 2, 1);
      assertSectorsAreZero(20, 0, 2);
      assertSectorsAreZero(20, 5, 3);
      assertHolds(device, 2, 1);
      assertHolds(device, 4, 1);
      lap(3, 100, life);
      reopen();
    }
    assertHolds(raw(), 2, 1);
    raw().read(3 * BLOCK, buffer.asSlice(BLOCK, BLOCK));
    assertThat(buffer.get(JAVA_BYTE, BLOCK + 2)).as("never written back").isZero();

    writeSectors(3, 1, 2, 5);
    for (int life = 0; life < 2; life++) {
      assertSectorsHold(device, 3, 1, 2, 5);
      assertLost(3, 0, 1);
      assertLost(3, 3, 5);
      lap(2, 100, life);
      reopen();
    }
    assertSectorsHold(raw(), 3, 1, 2, 5);
    write(3, 6);
    writeSectors(20, 0, 8, 6);
    assertHolds(device, 3, 6);
    lap(3, 100, 9);
    reopen();
    assertHolds(device, 3, 6);
    assertHolds(raw(), 3, 6);
    assertHolds(raw(), 20, 6);
  }

  private void rotPartOf20() throws IOException {
    Blocking raw = new Blocking(cache, "cache");
    MemorySegment line = buffer.asSlice(2 * BLOCK, BLOCK);
    MemorySegment data = arena.allocate(3 * SECTOR).copyFrom(fill(20, 1).asSlice(0, 3 * SECTOR));
    for (long at = REGION; at + BLOCK <= cache.size(); at += BLOCK) {
      raw.read(at, line);
      if (line.asSlice(2 * SECTOR, 3 * SECTOR).mismatch(data) == -1) {
        line.set(JAVA_BYTE, 2 * SECTOR + 9, (byte) 99);
        raw.write(at, line);
        return;
      }
    }
    throw new AssertionError("no such line");
  }

  private void assertSectorsAreZero(int block, int sector, int count) throws IOException {
    MemorySegment read = buffer.asSlice(BLOCK, (long) count * SECTOR);
    device.read((long) block * BLOCK + sector * SECTOR, read);
    assertThat(read.mismatch(MemorySegment.ofArray(new byte[(int) read.byteSize()]))).isEqualTo(-1);
  }

  /** All that clients may fill is full; the oldest segment is damaged, but for {@code spared}. */
  @ParameterizedTest
  @CsvSource({"4, 3, 0", "5, 2, 1", "5, 3, 0", "6, 3, 0", "6, 5, 0", "10, 2, 1", "7, 4, 0"})
  void aFullLogWithADamagedOldestSegmentGoesOn(int newOrder, int slots, int spared)
      throws IOException {
    begin(newOrder, slots);
    int lines = (1 << order - 3) - 1;
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < lines * (slots - 1); block++) {
      write(block, 1);
    }
    device.flush();
    volume.stop();
    volume.close();
    for (int block = 0; block < lines - spared; block++) {
      assertThat(rot(block, 1)).isEqualTo(1);
    }
    backing.refuse(Errno.OK, request -> false);
    open();
    for (int life = 0; life < 3; life++) {
      lap(4, 500, 2 + life);
      for (int block = 0; block < lines * (slots - 1); block++) {
        if (block < lines - spared) {
          assertLost(block, 0, 8);
        } else {
          assertHolds(device, block, 1);
        }
      }
      assertHolds(device, 500, 2 + life);
      volume.close(); // as in a crash
      open();
    }
    Snapshot snapshot = volume.snapshot();
    assertThat(snapshot.failure()).isEmpty();
  }

  /** Copies take the last free slot, and it stays taken where the crash comes before the record. */
  @ParameterizedTest
  @CsvSource({"5, 3, 2", "6, 3, 7", "5, 2, 2", "4, 3, 1"})
  void aCrashBehindCopiesInTheLastSlotLeavesRoomForThemAgain(int newOrder, int slots, int rotten)
      throws IOException {
    begin(newOrder, slots);
    int lines = (1 << order - 3) - 1;
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < lines * (slots - 1); block++) {
      write(block, 1);
    }
    volume.stop();
    volume.close();
    for (int block = 0; block < rotten; block++) {
      assertThat(rot(block, 1)).isEqualTo(1);
    }
    backing.refuse(Errno.OK, request -> false);
    for (int life = 0; life < 3; life++) {
      open();
      cache.refuse(
          Errno.EIO,
          request ->
              request.operation == Operation.WRITE
                  && request.offset == Geometry.RECORD_BLOCK_OFFSET);
      assertThatThrownBy(() -> write(500, 2)).isInstanceOf(IOException.class);
      assertThat(volume.snapshot().newestId()).isEqualTo(slots);
      assertThat(volume.snapshot().copiedForwardLines()).isEqualTo(rotten);
      volume.close();
    }
    cache.refuse(Errno.OK, request -> false);
    open();
    assertThat(volume.recovery().newest()).isEqualTo(slots - 1);
    lap(3, 500, 3);
    for (int block = 0; block < rotten; block++) {
      assertLost(block, 0, 8);
    }
    assertThat(volume.snapshot().failure()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"4, 2", "5, 3", "6, 4"})
  void moreLostBlocksThanTheLogHoldsEndTheWaitWithAnError(int newOrder, int slots)
      throws IOException {
    begin(newOrder, slots);
    int lines = (1 << order - 3) - 1;
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < lines * (slots - 1); block++) {
      write(block, 1);
    }
    volume.stop();
    volume.close();
    for (int block = 0; block < lines * (slots - 1); block++) {
      assertThat(rot(block, 1)).isEqualTo(1);
    }
    open();
    assertThatThrownBy(() -> write(500, 2)).isInstanceOf(IOException.class);
    assertThat(volume.snapshot().failure()).contains("more blocks are lost");
    assertLost(0, 0, 8);
  }

  @Test
  void aDamagedLineThatIsWrittenBackIsReadFromTheBackingDevice() throws IOException {
    begin(7, 16);
    for (int block = 0; block < 100; block++) {
      write(block, 1);
    }
    device.flush();
    await(() -> volume.snapshot().linesWrittenBack() >= 90);
    assertThat(rot(5, 1)).isEqualTo(1);
    assertThat(rot(7, 1)).isEqualTo(1);
    cache.refuse(Errno.EIO, request -> false);
    for (int block = 0; block < 10; block++) {
      assertHolds(device, block, 1);
    }
    assertSectorsHold(device, 7, 0, 1, 1);
    device.read(0, buffer.asSlice(8 * BLOCK, 10 * BLOCK));
    for (int block = 0; block < 10; block++) {
      assertThat(buffer.asSlice((8L + block) * BLOCK, BLOCK).mismatch(fill(block, 1)))
          .isEqualTo(-1);
    }
    cache.refuse(Errno.EIO, request -> request.operation == Operation.READ);
    assertHolds(device, 9, 1);
    cache.refuse(Errno.OK, request -> false);
  }

  @Test
  void aDrainEndsWithTheLinesThatAreLeft() throws IOException {
    begin(7, 8);
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < 40; block++) {
      write(block, 1);
    }
    volume.stop();
    volume.close();
    assertThat(rot(3, 1)).isEqualTo(1);
    backing.refuse(Errno.OK, request -> false);
    open();
    volume.drain();
    await(() -> volume.snapshot().sweptAll());
    assertThat(volume.snapshot().isDrained()).isFalse();
    assertThat(volume.snapshot().dirtyLines()).isEqualTo(1);
    assertThat(volume.snapshot().damagedLines()).isEqualTo(1);
    assertHolds(raw(), 2, 1);
    assertHolds(raw(), 39, 1);
    assertLost(3, 0, 8);
    lap(2, 100, 1);
    assertLost(3, 0, 8);
  }

  // refusals

  @Test
  void whatTheCacheDeviceRefusesToReadForAWhileIsNotLost() throws IOException {
    begin(7, 4);
    unreadable(3);
    assertLost(1, 0, 8);
    lapUntilRefusedAFewTimes();
    cache.refuse(Errno.OK, request -> false);
    lap(2, 100, 3);
    for (int block = 0; block < 10; block++) {
      assertHolds(device, block, 1);
    }
    assertThat(volume.snapshot().lostSectors()).isZero();
  }

  private int refusals;

  /** Blocks 0 to 9 are in lines that can only be read {@code times} refusals later. */
  private void unreadable(int times) throws IOException {
    backing.refuse(Errno.ENOSPC, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < 10; block++) {
      write(block, 1);
    }
    volume.stop();
    volume.close();
    backing.refuse(Errno.OK, request -> false);
    open();
    refusals = 0;
    long from = REGION + 2 * BLOCK;
    cache.refuse(
        Errno.EIO,
        request ->
            request.operation == Operation.READ
                && request.offset < from + BLOCK
                && from < request.offset + request.length
                && ++refusals <= times);
  }

  private void lapUntilRefusedAFewTimes() throws IOException {
    lap(1, 100, 2);
    await(() -> refusals >= 3);
  }

  @Test
  void whatTheCacheDeviceRefusesToReadForGoodIsLost() throws IOException {
    begin(7, 4);
    unreadable(Integer.MAX_VALUE);
    lap(3, 100, 3);
    cache.refuse(Errno.OK, request -> false);
    reopen();
    for (int block = 0; block < 10; block++) {
      if (block == 1) {
        assertLost(block, 0, 8);
      } else {
        assertHolds(device, block, 1);
      }
    }
    write(1, 4);
    assertHolds(device, 1, 4);
  }

  @Test
  void whatTheBackingDeviceRefusesForGoodStaysInTheLogAndTheRestGoesOn() throws IOException {
    begin(7, 6);
    backing.refuse(Errno.EIO, request -> writesTo(request, 4) || writesTo(request, 6));
    for (int block = 0; block < 10; block++) {
      write(block, 1);
    }
    lap(2, 100, 2);
    assertThat(volume.snapshot().refusedLines()).isPositive();
    assertThat(volume.snapshot().copiedForwardLines()).isPositive();
    assertThat(volume.snapshot().lostSectors()).isZero();
    for (int block = 0; block < 10; block++) {
      assertHolds(device, block, 1);
      if (block != 4 && block != 6) {
        assertHolds(raw(), block, 1);
      }
    }
    backing.refuse(Errno.OK, request -> false);
    reopen();
    lap(2, 100, 3);
    assertHolds(raw(), 4, 1);
    assertHolds(raw(), 6, 1);
  }

  /** A dead device proves nothing about single lines. */
  @Test
  void aBackingDeviceThatRefusesEverythingLeavesTheLogAsItIs() throws IOException {
    begin(7, 4);
    backing.refuse(Errno.EIO, request -> request.operation == Operation.WRITE);
    for (int block = 0; block < 40; block++) {
      write(block, 1);
    }
    device.flush();
    long until = System.nanoTime() + 2_500_000_000L; // longer than all tries
    await(() -> System.nanoTime() - until > 0);
    assertThat(volume.snapshot().copiedForwardLines()).isZero();
    assertThat(volume.snapshot().writtenBackId()).isZero();
    assertThat(volume.snapshot().backingTrouble()).contains("EIO");
    backing.refuse(Errno.OK, request -> false);
    lap(2, 100, 3);
    assertHolds(raw(), 0, 1);
  }
}
