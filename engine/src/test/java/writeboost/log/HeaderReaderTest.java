package writeboost.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import writeboost.device.BlockDevice;
import writeboost.device.Blocking;
import writeboost.device.Errno;
import writeboost.device.Limits;
import writeboost.device.MemoryDevice;
import writeboost.device.Operation;
import writeboost.device.Request;
import writeboost.layout.Geometry;

/** Whoever reads headers gets what the device has, whatever was read ahead. */
class HeaderReaderTest {

  private static final int SLOTS = 150;

  private final Arena arena = Arena.ofShared();
  private final Geometry geometry = new Geometry(4, (2048L + SLOTS * 16L) * Geometry.SECTOR);
  private final MemorySegment block = arena.allocate(Geometry.BLOCK, Geometry.BLOCK);
  private final Disk disk = new Disk(2048L * Geometry.SECTOR + SLOTS * geometry.segmentBytes());
  private final Blocking cache = new Blocking(disk, "cache");

  @BeforeEach
  void numberTheSlots() throws IOException {
    for (int slot = 0; slot < SLOTS; slot++) {
      write(slot, slot);
    }
  }

  @AfterEach
  void free() {
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, 200})
  void findsEachSlotsOwnBlock(int blocksAhead) throws IOException {
    HeaderReader reader = reader(blocksAhead);
    for (int slot = 0; slot < SLOTS; slot++) {
      assertThat(read(reader, slot)).isEqualTo(slot);
    }
    Random random = new Random(blocksAhead);
    for (int i = 0; i < 1000; i++) {
      int slot = random.nextInt(SLOTS);
      assertThat(read(reader, slot)).isEqualTo(slot);
    }
  }

  @Test
  void asksTheDeviceForManyAtOnce() throws IOException {
    HeaderReader reader = reader(64);
    disk.calls = 0;
    for (int slot = 0; slot < SLOTS; slot++) {
      read(reader, slot);
    }
    assertThat(disk.calls).isEqualTo(3);
  }

  @Test
  void asksForNoneTwiceThatItHasRoomFor() throws IOException {
    HeaderReader reader = reader(200);
    disk.calls = 0;
    for (int i = 0; i < 3 * SLOTS; i++) {
      assertThat(read(reader, i % SLOTS)).isEqualTo(i % SLOTS);
    }
    assertThat(disk.calls).isEqualTo(3);
  }

  @ParameterizedTest
  @ValueSource(ints = {12, 90})
  void seesWhatWasWrittenMeanwhile(int slot) throws IOException {
    HeaderReader reader = reader(200);
    for (int i = 10; i < 100; i++) {
      read(reader, i);
    }
    write(slot, 1012);
    reader.forget();
    assertThat(read(reader, slot)).isEqualTo(1012);
    assertThat(read(reader, slot + 1)).isEqualTo(slot + 1);
  }

  @Test
  void anUnreadableBlockIsNoObstacleBeforeSomebodyAsksForIt() throws IOException {
    disk.unreadable = geometry.slotOffset(40);
    HeaderReader reader = reader(64);
    for (int slot = 0; slot < SLOTS; slot++) {
      if (slot != 40) {
        assertThat(read(reader, slot)).isEqualTo(slot);
      }
    }
    assertThatThrownBy(() -> read(reader, 40)).isInstanceOf(IOException.class);
  }

  private HeaderReader reader(int blocksAhead) {
    long bytes = (long) blocksAhead * Geometry.BLOCK;
    return new HeaderReader(cache, geometry, arena.allocate(bytes, Geometry.BLOCK));
  }

  private int read(HeaderReader reader, int slot) throws IOException {
    block.fill((byte) -1);
    reader.read(slot, block);
    int number = block.get(ValueLayout.JAVA_INT, 0);
    assertThat(block.get(ValueLayout.JAVA_INT, Geometry.BLOCK - 4)).isEqualTo(number);
    return number;
  }

  private void write(int slot, int number) throws IOException {
    block.fill((byte) 0);
    block.set(ValueLayout.JAVA_INT, 0, number);
    block.set(ValueLayout.JAVA_INT, Geometry.BLOCK - 4, number);
    cache.write(geometry.slotOffset(slot), block);
  }

  /** In RAM; counts how often it is called, and cannot read one place. */
  private static final class Disk implements BlockDevice {
    private final MemoryDevice content;
    private long unreadable = -1;
    private int calls;

    Disk(long size) {
      content = new MemoryDevice(size);
    }

    @Override
    public long size() {
      return content.size();
    }

    @Override
    public Limits limits() {
      return content.limits();
    }

    @Override
    public void submit(Request[] batch, int count) {
      calls++;
      for (int i = 0; i < count; i++) {
        if (batch[i].operation == Operation.READ && batch[i].offset == unreadable) {
          batch[i].complete(Errno.EIO);
        } else {
          content.submit(new Request[] {batch[i]}, 1);
        }
      }
    }

    @Override
    public void close() {
      content.close();
    }
  }
}
