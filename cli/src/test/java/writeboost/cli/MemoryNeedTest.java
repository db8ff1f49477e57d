package writeboost.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import writeboost.layout.Geometry;

final class MemoryNeedTest {

  private static final long MIB = 1 << 20;
  private static final long TIB = 1L << 40;
  private static final Path CACHE = Path.of("c");

  @Test
  void aLineTakes18BytesTheBuffersIncluded() {
    Geometry geometry = new Geometry(10, TIB);
    MemoryNeed need = MemoryNeed.of(geometry, 64 * MIB);
    assertThat(need.tables() + need.buffers()).isLessThanOrEqualTo(18 * geometry.lineCount());
  }

  @Test
  void whatCannotFitIsRefusedAndWhatMayNotFitIsNot() throws Exception {
    MemoryNeed need = new MemoryNeed(100 * MIB, 900 * MIB, 128 * MIB, 512 * MIB);
    need.require(CACHE, 1000 * MIB);
    assertThat(need.exceeds(1639 * MIB)).isTrue();
    assertThat(need.exceeds(1640 * MIB)).isFalse();
    assertThatThrownBy(() -> need.require(CACHE, 999 * MIB))
        .hasMessageContaining(
            "c: needs 1000 MiB of memory (100 MiB for buffers, 900 MiB for tables), and there is"
                + " 999 MiB for it");
  }

  @Test
  void sizesBeyondAllNumbersAreRefused() {
    MemoryNeed need = MemoryNeed.of(new Geometry(10, TIB), Long.MAX_VALUE);
    assertThatThrownBy(() -> need.require(CACHE, 1000 * MIB)).isInstanceOf(CommandFailure.class);
  }

  @Test
  void theSmallestLimitOfAllControlGroupsCounts(@TempDir Path folder) throws Exception {
    Path membership = folder.resolve("membership");
    Path inner = Files.createDirectories(folder.resolve("mount/outer/inner"));
    Path legacy = Files.createDirectories(folder.resolve("mount/memory"));
    Path mount = folder.resolve("mount");

    assertThat(ControlGroup.memoryLimitBytes(membership, mount)).isEqualTo(Long.MAX_VALUE);
    Files.writeString(membership, "0::/outer/inner\n");
    Files.writeString(inner.resolve("memory.max"), "max\n");
    assertThat(ControlGroup.memoryLimitBytes(membership, mount)).isEqualTo(Long.MAX_VALUE);
    Files.writeString(inner.resolveSibling("memory.max"), "4096\n");
    assertThat(ControlGroup.memoryLimitBytes(membership, mount)).isEqualTo(4096);

    Files.writeString(legacy.resolve("memory.limit_in_bytes"), "8192\n");
    Files.writeString(membership, "5:cpu:/outer\n4:hugetlb,memory:/of/the/host\n0::/../..\n");
    assertThat(ControlGroup.memoryLimitBytes(membership, mount)).isEqualTo(8192);
  }
}
