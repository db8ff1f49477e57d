package writeboost.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

class AnonymousMemoryTest {
  private static final long GIB = 1L << 30;

  @Test
  void reservedMemoryIsZeroAndTakesRamOnlyWhereTouched() throws Exception {
    long before = residentBytes();
    MemorySegment memory = AnonymousMemory.reserve(64 * GIB);
    try {
      assertThat(memory.address() % 4096).isZero();
      assertThat(memory.byteSize()).isEqualTo(64 * GIB);
      assertThat(memory.get(ValueLayout.JAVA_LONG, 33 * GIB)).isZero();
      memory.set(ValueLayout.JAVA_LONG, 33 * GIB, 42);
      assertThat(memory.get(ValueLayout.JAVA_LONG, 33 * GIB)).isEqualTo(42);
      assertThat(residentBytes() - before).isLessThan(GIB);
    } finally {
      AnonymousMemory.release(memory);
    }
  }

  @Test
  void populatedMemoryHasItsRamAndKeepsItsContent() throws Exception {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = AnonymousMemory.reserve(GIB, arena);
      memory.set(ValueLayout.JAVA_LONG, 4096, 42);
      long before = residentBytes();
      AnonymousMemory.populate(memory.asSlice(0, 256 << 20));
      assertThat(residentBytes() - before).isGreaterThan(200 << 20).isLessThan(512 << 20);
      assertThat(memory.get(ValueLayout.JAVA_LONG, 4096)).isEqualTo(42);
    }
  }

  @Test
  void memoryThatCannotBeHadIsAnException() {
    assertThatThrownBy(() -> AnonymousMemory.reserve(1L << 60))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("cannot reserve")
        .hasMessageContaining("ENOMEM");
  }

  @Test
  void memoryOfAnArenaIsSafeAfterItsEnd() throws Exception {
    Arena arena = Arena.ofConfined();
    MemorySegment memory = AnonymousMemory.reserve(4096, arena);
    memory.set(ValueLayout.JAVA_LONG, 0, 42);
    arena.close();
    assertThatThrownBy(() -> memory.get(ValueLayout.JAVA_LONG, 0))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> Posix.read(0, memory, 0, 8, 0))
        .isInstanceOf(IllegalStateException.class);
  }

  @Test
  void zeroesExactlyTheRange() throws Exception {
    int size = 8 * 4096;
    Random random = new Random(7);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment memory = AnonymousMemory.reserve(size, arena);
      MemorySegment model = arena.allocate(size);
      for (int round = 0; round < 500; round++) {
        memory.fill((byte) 1);
        model.fill((byte) 1);
        int offset = random.nextInt(size);
        int length = random.nextInt(size - offset + 1);
        MemoryDevice.zero(memory, offset, length);
        model.asSlice(offset, length).fill((byte) 0);
        assertThat(memory.mismatch(model)).as("%d+%d", offset, length).isEqualTo(-1);
      }
    }
  }

  private static long residentBytes() throws IOException {
    String statistics = Files.readString(Path.of("/proc/self/statm"));
    return 4096 * Long.parseLong(statistics.split(" ")[1]);
  }
}
