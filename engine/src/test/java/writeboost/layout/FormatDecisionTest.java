package writeboost.layout;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import writeboost.layout.FormatDecision.Format;
import writeboost.layout.FormatDecision.Refuse;
import writeboost.layout.FormatDecision.Resume;
import writeboost.layout.UnusableCacheException.Kind;

final class FormatDecisionTest {
  private static final int MIB = 1 << 20;

  private final MemorySegment first = MemorySegment.ofArray(new byte[MIB]);
  private final MemorySegment last = MemorySegment.ofArray(new byte[MIB]);

  @Test
  void anEmptyDeviceIsFormatted() {
    assertThat(FormatDecision.of(first, last, false)).isEqualTo(new Format());
  }

  @Test
  void oneByteAtEitherEndIsSomebodys() {
    for (int at : new int[] {0, 511, 512, 4095, 4096, 65_536, MIB - 1}) {
      first.fill((byte) 0).set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      assertThat(refusal()).as("first, %d", at).isEqualTo(Kind.FOREIGN);
    }
    first.fill((byte) 0);
    for (int at : new int[] {0, 1000, MIB - 1}) {
      last.fill((byte) 0).set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      assertThat(refusal()).as("last, %d", at).isEqualTo(Kind.FOREIGN);
    }
    assertThat(FormatDecision.of(first, last, true)).isEqualTo(new Format());
  }

  @Test
  void aCacheOfOursIsResumedWhateverElseIsThere() {
    Superblock superblock = Superblock.create(new Geometry(10, 8 * MIB), new UUID(1, 2), MIB, 0, 0);
    last.fill((byte) 9);
    first.fill((byte) 9);
    superblock.encode(first);
    assertThat(FormatDecision.of(first, last, false)).isEqualTo(new Resume(superblock));
    assertThat(FormatDecision.of(first, last, true)).isEqualTo(new Resume(superblock));
    first.set(ValueLayout.JAVA_BYTE, 100, (byte) 1);
    assertThat(refusal()).isEqualTo(Kind.DAMAGED);
  }

  @Test
  void theMagicAloneIsNeverFormattedOver() {
    Hex.put(first, 0, "74 73 42 57");
    assertThat(refusal()).isEqualTo(Kind.KERNEL);
    Hex.put(first, 4, "0a");
    assertThat(FormatDecision.of(first, last, false))
        .isEqualTo(new FormatDecision.ResumeLaps(new LapSuperblock(10)));
    Hex.put(first, 4, "ff");
    assertThat(refusal()).isEqualTo(Kind.DAMAGED);
  }

  @Test
  void anUnfinishedFormatIsFormattedAgainUnlessSomebodyMovedInBehindIt() {
    Superblock.encodeUnfinished(first);
    last.fill((byte) 9);
    assertThat(FormatDecision.of(first, last, false)).isEqualTo(new Format());
    RecordSector.encode(first.asSlice(Geometry.RECORD_BLOCK_OFFSET, 4096), 77);
    assertThat(FormatDecision.of(first, last, false)).isEqualTo(new Format());
    for (int at : new int[] {4096, 65_536, MIB - 4096, MIB - 513, MIB - 480, MIB - 1}) {
      byte was = first.get(ValueLayout.JAVA_BYTE, at);
      first.set(ValueLayout.JAVA_BYTE, at, (byte) 1);
      assertThat(refusal()).as("byte %d", at).isEqualTo(Kind.UNFINISHED_FORMAT);
      first.set(ValueLayout.JAVA_BYTE, at, was);
    }
    first.set(ValueLayout.JAVA_BYTE, 200, (byte) 1);
    assertThat(refusal()).isEqualTo(Kind.FOREIGN);
  }

  private Kind refusal() {
    FormatDecision decision = FormatDecision.of(first, last, false);
    assertThat(decision).isInstanceOf(Refuse.class);
    return ((Refuse) decision).reason().kind();
  }
}
