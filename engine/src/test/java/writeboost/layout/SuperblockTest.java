package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import writeboost.layout.UnusableCacheException.Kind;

final class SuperblockTest {
  private static final Superblock EXAMPLE =
      new Superblock(
          10,
          0x0011223344556677L,
          0x8899AABBCCDDEEFFL,
          7,
          1L << 30,
          0xA0A1A2A3A4A5A6A7L,
          0xA8A9AAABACADAEAFL,
          64L << 20,
          64,
          5,
          0,
          0x0002030405060708L,
          9);

  /** Written by hand from the picture; the CRC comes from a program of its own. */
  private static MemorySegment golden() {
    MemorySegment block = Hex.block();
    Hex.put(
        block,
        0,
        """
        74 73 42 57  00 00 00 00  57 42 6a 61 76 61 53 42   01 00 00 00  0a 00 00 00
        00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff     07 00 00 00  40 00 00 00
        00 00 00 40 00 00 00 00   a0 a1 a2 a3 a4 a5 a6 a7 a8 a9 aa ab ac ad ae af
        00 00 00 04 00 00 00 00   05 00 00 00 00 00 00 00   08 07 06 05 04 03 02 00
        09 00 00 00  00 00 00 00
        """);
    Hex.put(block, 508, "24 af 06 25");
    return block;
  }

  @Test
  void writesTheBytesOfThePicture() {
    MemorySegment block = Hex.block().fill((byte) 0x55);
    EXAMPLE.encode(block);
    assertThat(block.toArray(ValueLayout.JAVA_BYTE))
        .isEqualTo(golden().toArray(ValueLayout.JAVA_BYTE));
  }

  @Test
  void readsTheBytesOfThePicture() throws Exception {
    Superblock read = Superblock.decode(golden());
    assertThat(read).isEqualTo(EXAMPLE);
    assertThat(read.uuid()).hasToString("00112233-4455-6677-8899-aabbccddeeff");
    assertThat(read.geometry()).isEqualTo(new Geometry(10, 64L << 20, 64));
  }

  @Test
  void aNewOneIsInItsFirstIncarnationAndNotClean() throws Exception {
    UUID uuid = new UUID(1, 2);
    Superblock created = Superblock.create(new Geometry(8, 4 << 20), uuid, 1 << 20, 3, 4);
    assertThat(created.incarnation()).isEqualTo(1);
    assertThat(created.clean()).isFalse();
    assertThat(created.uuid()).isEqualTo(uuid);
    MemorySegment block = Hex.block();
    created.encode(block);
    assertThat(Superblock.decode(block)).isEqualTo(created);
  }

  @Test
  void changesOneThingAtATime() {
    Superblock next = EXAMPLE.withIncarnation(8);
    assertThat(next.incarnation()).isEqualTo(8);
    assertThat(next.withIncarnation(7)).isEqualTo(EXAMPLE);
    assertThat(EXAMPLE.withClean(1, 0).withClean(0x0002030405060708L, 9)).isEqualTo(EXAMPLE);
  }

  @Test
  void saysWhoWroteIt() {
    MemorySegment block = Hex.block();
    assertThat(kindOf(block)).isEqualTo(Kind.FOREIGN);
    Hex.put(block, 0, "74 73 42 57");
    assertThat(kindOf(block)).isEqualTo(Kind.KERNEL);
    for (byte order = 4; order <= 11; order++) {
      block.set(ValueLayout.JAVA_BYTE, 4, order);
      assertThat(kindOf(block)).isEqualTo(Kind.LAP_LAYOUT);
    }
    block.set(ValueLayout.JAVA_BYTE, 4, (byte) 12);
    assertThat(kindOf(block)).isEqualTo(Kind.DAMAGED);
    block.set(ValueLayout.JAVA_BYTE, 4, (byte) 10);
    block.set(ValueLayout.JAVA_BYTE, 300, (byte) 1);
    assertThat(kindOf(block)).isEqualTo(Kind.DAMAGED);
  }

  @Test
  void saysThatItIsTooNew() {
    MemorySegment newer = golden();
    newer.set(ValueLayout.JAVA_BYTE, Superblock.VERSION_OFFSET, (byte) 2);
    sum(newer);
    assertThat(kindOf(newer)).isEqualTo(Kind.VERSION);
    MemorySegment featured = golden();
    featured.set(ValueLayout.JAVA_BYTE, Superblock.FLAGS_OFFSET + 3, (byte) 0x80);
    sum(featured);
    assertThat(kindOf(featured)).isEqualTo(Kind.VERSION);
  }

  @Test
  void anyFlippedBitIsSeen() {
    for (int bit = 0; bit < 512 * 8; bit++) {
      MemorySegment block = golden();
      flip(block, bit);
      assertThat(kindOf(block)).as("bit %d", bit).isEqualTo(Kind.DAMAGED);
    }
  }

  /** Bytes that nobody would write, under a CRC that is right. */
  @Test
  void anyBytesAreReadOrRefused() {
    for (int seed = 0; seed < 20_000; seed++) {
      Random random = new Random(seed);
      MemorySegment block = golden();
      for (int changes = 1 + random.nextInt(8); changes > 0; changes--) {
        block.set(ValueLayout.JAVA_BYTE, 20 + random.nextInt(84), (byte) random.nextInt());
      }
      sum(block);
      try {
        Superblock read = Superblock.decode(block);
        MemorySegment again = Hex.block();
        read.encode(again);
        assertThat(again.mismatch(block)).as("seed %d", seed).isEqualTo(-1);
        assertThat(read.geometry().linesPerSegment()).isBetween(1, 127);
      } catch (UnusableCacheException refused) {
        assertThat(refused.kind()).as("seed %d", seed).isIn(Kind.DAMAGED, Kind.VERSION);
        assertThat(refused.getMessage()).as("seed %d", seed).isNotBlank().doesNotContain("\n");
      }
    }
  }

  @Test
  void refusesAnotherPairingAndSaysWhatDiffers() throws Exception {
    long high = EXAMPLE.fingerprintHigh();
    long low = EXAMPLE.fingerprintLow();
    EXAMPLE.requireMatch(10, 64L << 20, 1L << 30, high, low);
    EXAMPLE.requireMatch(10, 64L << 20, 1L << 30, 0, 0);
    assertDiffers(() -> EXAMPLE.requireMatch(9, 64L << 20, 1L << 30, high, low), "order 10, not 9");
    assertDiffers(() -> EXAMPLE.requireMatch(10, 65L << 20, 1L << 30, high, low), "67108864 bytes");
    assertDiffers(
        () -> EXAMPLE.requireMatch(10, 64L << 20, 2L << 30, high, low), "1073741824 bytes");
    assertDiffers(() -> EXAMPLE.requireMatch(10, 64L << 20, 1L << 30, high, 1), "another backing");
  }

  private static void assertDiffers(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String what) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            UnusableCacheException.class, e -> assertThat(e.kind()).isEqualTo(Kind.DIFFERENT))
        .hasMessageContaining(what);
  }

  private static Kind kindOf(MemorySegment block) {
    return catchThrowableOfType(UnusableCacheException.class, () -> Superblock.decode(block))
        .kind();
  }

  private static void flip(MemorySegment memory, int bit) {
    byte was = memory.get(ValueLayout.JAVA_BYTE, bit / 8);
    memory.set(ValueLayout.JAVA_BYTE, bit / 8, (byte) (was ^ 1 << bit % 8));
  }

  private static void sum(MemorySegment block) {
    block.set(
        ValueLayout.JAVA_INT_UNALIGNED.withOrder(java.nio.ByteOrder.LITTLE_ENDIAN),
        508,
        Crc32c.of(block, 0, 508));
  }
}
