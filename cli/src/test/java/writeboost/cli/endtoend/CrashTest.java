package writeboost.cli.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code kill -9} in the middle of a load, again and again, on the same two files: {@code
 * -Dcrash.generations=N} times, begun with {@code -Dcrash.seed=S}.
 */
@Timeout(value = 1, unit = TimeUnit.DAYS)
final class CrashTest {

  private static final int BACKING_MIB = 64;
  private static final int CACHE_MIB = 16;
  private static final int GENERATIONS = Integer.getInteger("crash.generations", 3);
  private static final long SEED = Long.getLong("crash.seed", 0);

  private Workspace workspace;
  private boolean trims = true;

  @BeforeEach
  void open() throws Exception {
    workspace = new Workspace();
  }

  @AfterEach
  void close() throws Exception {
    workspace.close();
  }

  @Test
  void whatWasFlushedIsThereAndTheRestIsAPrefix() throws Exception {
    crashAgainAndAgain("7");
  }

  /** The layout of 2013 has other orders of I/O for the same promises; it knows no TRIM. */
  @ParameterizedTest
  @ValueSource(strings = {"4", "10", "11"})
  void alsoInLayoutOne(String order) throws Exception {
    trims = false;
    crashAgainAndAgain(order, "--layout", "v1");
  }

  private void crashAgainAndAgain(String... orderAndOptions) throws Exception {
    int[] before = new int[(BACKING_MIB << 20) / Sectors.BYTES];
    int nextVersion = 1;
    int required = 0;
    Server server = serve(orderAndOptions);
    for (int generation = 0; generation < GENERATIONS; generation++) {
      History history = new History();
      nextVersion = loadAndKill(server, history, new Random(SEED + generation), nextVersion);
      required += history.required();

      server = serve(orderAndOptions);
      if (generation % 3 == 1) {
        server.kill(); // a crash with nothing written since the resume
        server = serve(orderAndOptions);
      }
      int[] found;
      try (NbdClient client = server.connect()) {
        found = Sectors.versions(client);
      }
      System.out.printf(
          "generation %d: %d writes, %d had to survive%n",
          generation, history.sent(), history.required());
      history.check(before, found);
      before = found;
    }
    server.stop();
    assertThat(required).as("writes that had to survive").isPositive();
  }

  private Server serve(String... orderAndOptions) throws Exception {
    List<String> arguments = new ArrayList<>();
    arguments.add(workspace.file("backing.img").toString());
    arguments.add(workspace.file("cache.img").toString());
    arguments.addAll(List.of(orderAndOptions));
    arguments.addAll(List.of("--backing-size", BACKING_MIB + "M", "--cache-size", CACHE_MIB + "M"));
    return Server.start(workspace, arguments.toArray(new String[0]));
  }

  /**
   * Overlapping writes of mixed size, many in flight on one connection; returns the next version.
   */
  private int loadAndKill(Server server, History history, Random random, int firstVersion)
      throws Exception {
    int depth = 1 << random.nextInt(6);
    long killAfterBytes = (1L << 20) * (1 + random.nextInt(4 * CACHE_MIB));
    int version = firstVersion;
    Semaphore room = new Semaphore(depth);
    try (NbdClient client = server.connect()) {
      long written = 0;
      while (written < killAfterBytes) {
        if (!room.tryAcquire(NbdClient.LIMIT_S, TimeUnit.SECONDS)) {
          throw new AssertionError("no answer; log:\n" + server.log());
        }
        int kind = random.nextInt(100);
        CompletableFuture<byte[]> answer;
        if (kind < 5) {
          answer = flush(client, history);
        } else {
          boolean zeroes = kind < 12;
          // Zeroes may be of any length: they are no payload.
          int count = 1 + random.nextInt(1 << random.nextInt(zeroes ? 17 : 11));
          int value = zeroes ? 0 : version++;
          answer = write(client, history, random, count, value);
          written += zeroes ? 0 : (long) count * Sectors.BYTES;
        }
        var _ = answer.whenComplete((data, error) -> room.release());
      }
      server.kill();
      assertThat(client.errorReplies()).as("writes and flushes that failed").isZero();
    }
    return version;
  }

  private static CompletableFuture<byte[]> flush(NbdClient client, History history)
      throws IOException {
    int covered = history.answered();
    return client
        .flush()
        .thenApply(
            data -> {
              history.flushed(covered);
              return data;
            });
  }

  private CompletableFuture<byte[]> write(
      NbdClient client, History history, Random random, int count, int value) throws IOException {
    int sectors = Math.toIntExact(client.size() / Sectors.BYTES);
    // Half of the writes go to a small area, where they overlap.
    int area = count > 8192 || random.nextBoolean() ? sectors : 8192;
    int sector = random.nextInt(area - count + 1);
    boolean fua = random.nextInt(20) == 0;
    int number = history.sent(sector, count, value);
    long offset = (long) sector * Sectors.BYTES;
    CompletableFuture<byte[]> answer;
    if (value != 0) {
      answer = client.write(offset, Sectors.filled(sector, count, value), fua);
    } else if (random.nextBoolean() || !trims) {
      answer = client.writeZeroes(offset, count * Sectors.BYTES, fua);
    } else {
      answer = client.trim(offset, count * Sectors.BYTES, fua);
    }
    return answer.thenApply(
        data -> {
          history.answered(number, fua);
          return data;
        });
  }
}
