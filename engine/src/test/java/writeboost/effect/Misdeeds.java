package writeboost.effect;

import java.lang.foreign.Linker;
import java.time.LocalDate;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import writeboost.index.BlockIndex;

/** What the core may not do, done once each, so that the architecture test can be seen to fail. */
public final class Misdeeds {

  private Misdeeds() {}

  public static final class Waits {
    synchronized void misdeed() throws InterruptedException {
      while (true) {
        wait();
      }
    }
  }

  public static final class Sleeps {
    void misdeed() throws InterruptedException {
      Thread.onSpinWait();
    }
  }

  public static final class Queues {
    final BlockingQueue<String> queue = new ArrayBlockingQueue<>(1);
  }

  public static final class ReadsTheClock {
    long misdeed() {
      return System.nanoTime();
    }
  }

  public static final class ReadsTheDate {
    LocalDate misdeed() {
      return LocalDate.now();
    }
  }

  public static final class Draws {
    long misdeed() {
      return new Random(1).nextLong();
    }
  }

  public static final class Unordered {
    final Map<String, String> map = new HashMap<>();
  }

  public static final class UnorderedCopy {
    Set<String> misdeed(List<String> list) {
      return Set.copyOf(list);
    }
  }

  public static final class Links {
    Linker misdeed() {
      return Linker.nativeLinker();
    }
  }

  public static final class LooksAhead {
    int misdeed(BlockIndex index) {
      return index.hashCode();
    }
  }
}
