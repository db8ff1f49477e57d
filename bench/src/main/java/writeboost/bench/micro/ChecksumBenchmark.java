package writeboost.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import writeboost.layout.Crc32c;
import writeboost.layout.Geometry;
import writeboost.layout.SegmentHeader;

/** CRC-32C of what is in the processor's cache. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Thread)
public class ChecksumBenchmark {

  private final MemorySegment block =
      Arena.global().allocate(Geometry.BLOCK, Geometry.BLOCK).fill((byte) 0x5A);

  private long id;

  /** Of 4 KiB. */
  @Benchmark
  public int block() {
    return Crc32c.of(block, 0, Geometry.BLOCK);
  }

  /** Of a line: 4 KiB with its place in the log and its fields. */
  @Benchmark
  public int line() {
    int data = Crc32c.of(block, 0, Geometry.BLOCK);
    long sector = ++id << 3;
    return SegmentHeader.lineCrc(1, 2, 3, id, 4, sector, 0xFF, false, false, 0, data);
  }
}
