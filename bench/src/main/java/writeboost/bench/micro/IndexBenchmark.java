package writeboost.bench.micro;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import writeboost.device.AnonymousMemory;
import writeboost.index.BlockIndex;
import writeboost.index.LineTable;

/**
 * The index of a log that is full: line after line, as the log goes on, takes another block. Blocks
 * are all over 4 PiB, so that nearly every chain is in no cache of the processor.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class IndexBenchmark {

  /** Lines between two looks at the clock. */
  static final int BATCH = 8192;

  private static final Permutation BLOCKS = new Permutation(40);

  /** A table of which {@link #BATCH} lines are free; the others have the newest blocks. */
  @State(Scope.Thread)
  public static class FullIndex {
    @Param({"10000000", "250000000"})
    long lines;

    private MemorySegment tableMemory = MemorySegment.NULL;
    private MemorySegment indexMemory = MemorySegment.NULL;
    LineTable table = new LineTable(MemorySegment.NULL, 0);
    BlockIndex index = new BlockIndex(table, MemorySegment.ofArray(new int[16]));

    /**
     * Blocks inserted so far: the n-th, if it is there still, is in line n modulo {@link #lines}.
     */
    long inserted;

    long removed;
    long lookups;

    @Setup
    public void fill() throws IOException {
      tableMemory = reserve(LineTable.bytes(lines));
      indexMemory = reserve(BlockIndex.bytes(lines));
      table = new LineTable(tableMemory, lines);
      index = new BlockIndex(table, indexMemory);
      while (inserted < lines - BATCH) {
        insert();
      }
    }

    private static MemorySegment reserve(long bytes) throws IOException {
      MemorySegment memory = AnonymousMemory.reserve(bytes);
      AnonymousMemory.preferHugePages(memory);
      return memory;
    }

    void insert() {
      long block = BLOCKS.at(inserted);
      int line = (int) (inserted % lines);
      inserted++;
      table.set(line, block, 0xFF, LineTable.DIRTY, 0);
      index.insert(block, line);
    }

    void remove() {
      index.remove((int) (removed++ % lines));
    }

    long lookUp() {
      long n = (lookups++ * 0x9E3779B97F4A7C15L >>> 32) * (inserted - removed) >>> 32;
      return index.find(BLOCKS.at(removed + n));
    }

    long lookUpAbsent() {
      return index.find(BLOCKS.at(inserted + lookups++));
    }

    @TearDown
    public void release() {
      AnonymousMemory.release(tableMemory);
      AnonymousMemory.release(indexMemory);
    }
  }

  /** Has room for {@link #BATCH} lines each time, those whose blocks are the oldest. */
  public static class RoomToInsert extends FullIndex {
    @TearDown(Level.Invocation)
    public void makeRoom() {
      for (int i = 0; i < BATCH; i++) {
        remove();
      }
    }
  }

  /** Is full each time. */
  public static class NoRoom extends FullIndex {
    @Setup(Level.Invocation)
    public void takeRoom() {
      for (int i = 0; i < BATCH; i++) {
        insert();
      }
    }
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void insert(RoomToInsert full) {
    for (int i = 0; i < BATCH; i++) {
      full.insert();
    }
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void remove(NoRoom full) {
    for (int i = 0; i < BATCH; i++) {
      full.remove();
    }
  }

  /** Of a block that is there. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long lookup(FullIndex full) {
    long sum = 0;
    for (int i = 0; i < BATCH; i++) {
      sum += full.lookUp();
    }
    return sum;
  }

  /** Of a block that is not there. */
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public long lookupAbsent(FullIndex full) {
    long sum = 0;
    for (int i = 0; i < BATCH; i++) {
      sum += full.lookUpAbsent();
    }
    return sum;
  }
}
