package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

final class Crc32cTest {

  @Test
  void sumsTheStandardsCheckValue() {
    byte[] digits = "x123456789x".getBytes(StandardCharsets.US_ASCII);
    assertThat(Crc32c.of(MemorySegment.ofArray(digits), 1, 9)).isEqualTo(0xE3069283);
    assertThat(Crc32c.of(ByteBuffer.wrap(digits), 1, 9)).isEqualTo(0xE3069283);
    assertThat(Crc32c.of(MemorySegment.ofArray(digits), 4, 0)).isZero();
  }

  @Test
  void aViewCanBeUsedAgainFromAnywhere() {
    ByteBuffer view = ByteBuffer.wrap("123456789123456789".getBytes(StandardCharsets.US_ASCII));
    assertThat(Crc32c.of(view, 9, 9)).isEqualTo(0xE3069283);
    assertThat(Crc32c.of(view, 0, 9)).isEqualTo(0xE3069283);
    assertThat(Crc32c.of(view, 9, 9)).isEqualTo(0xE3069283);
  }

  @Test
  void combinesToTheSumOfTheConcatenation() {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment data = random(arena, 8192 + 4096 * 260, 1);
      Random random = new Random(2);
      for (int round = 0; round < 600; round++) {
        long a = random.nextInt(8192);
        boolean blocks = random.nextBoolean();
        long b = blocks ? 4096L * random.nextInt(261) : random.nextInt(4096 * 260);
        int crcA = Crc32c.of(data, 0, a);
        int crcB = Crc32c.of(data, a, b);
        int whole = Crc32c.of(data, 0, a + b);
        assertThat(Crc32c.combine(crcA, crcB, b)).as("lengths %d, %d", a, b).isEqualTo(whole);
      }
      int crcA = Crc32c.of(data, 0, 44);
      int crcBlock = Crc32c.of(data, 44, 4096);
      assertThat(Crc32c.combineBlock(crcA, crcBlock)).isEqualTo(Crc32c.of(data, 0, 44 + 4096));
    }
  }

  /** Lengths too long to sum directly: appending in one step must equal appending in many. */
  @Test
  void combinesOverLengthsBeyond32Bits() {
    int crc = 0x12345678;
    int inSteps = crc;
    for (int step = 0; step < 64; step++) {
      inSteps = Crc32c.combine(inSteps, 0, (1L << 30) + 1);
    }
    assertThat(Crc32c.combine(crc, 0, (1L << 36) + 64)).isEqualTo(inSteps);
    assertThatThrownBy(() -> Crc32c.combine(1, 2, -4096))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void appendsFieldsAsIfTheyLayInMemory() {
    byte[] bytes = new byte[12];
    for (int seed = 0; seed < 100; seed++) {
      new Random(seed).nextBytes(bytes);
      ByteBuffer fields = ByteBuffer.wrap(bytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
      int running = Crc32c.appendInt(~0, fields.getInt(0));
      running = Crc32c.appendLong(running, fields.getLong(4));
      assertThat(~running).as("seed %d", seed).isEqualTo(Crc32c.of(fields, 0, 12));
    }
  }

  private static MemorySegment random(Arena arena, int bytes, long seed) {
    byte[] data = new byte[bytes];
    new Random(seed).nextBytes(data);
    return arena.allocate(bytes).copyFrom(MemorySegment.ofArray(data));
  }
}
