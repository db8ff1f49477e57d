package writeboost.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import writeboost.device.Errno;
import writeboost.device.Extents;
import writeboost.device.Operation;
import writeboost.device.Request;

/**
 * Requests to a device whose server is a {@link HostileSession}. Their memory is filled with
 * something else as soon as they are answered, and has guards around it. The test's thread.
 */
final class FuzzedCalls {

  private static final int MOST = 24;
  private static final long LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
  private static final byte GUARD = 0x47;
  private static final byte OWNED = 0x4f;

  private final HostileSession session;
  private final Random random;
  private final Request[] requests;
  private final AtomicInteger[] answers;
  private final MemorySegment memory;
  private volatile boolean dataWrong;
  private final List<Extents> questions = new ArrayList<>();
  private final AtomicInteger answersToQuestions = new AtomicInteger();

  FuzzedCalls(HostileSession session, Random random) {
    this.session = session;
    this.random = random;
    requests = new Request[1 + random.nextInt(MOST)];
    answers = new AtomicInteger[requests.length];
    long at = 0;
    for (int i = 0; i < requests.length; i++) {
      answers[i] = new AtomicInteger();
      requests[i] = new Request(this::answered);
      requests[i].attachment = i;
      Operation operation = Operation.values()[random.nextInt(Operation.values().length)];
      boolean flush = operation == Operation.FLUSH;
      long length = flush ? 0 : 512L * (1 + random.nextInt(random.nextInt(8) == 0 ? 600 : 20));
      long offset = flush ? 0 : (long) i * HostileSession.PLACE + 512L * random.nextInt(1000);
      at += random.nextInt(64);
      requests[i].set(operation, random.nextInt(8), offset, length, MemorySegment.NULL, at);
      at += hasMemory(requests[i]) ? length : 0;
    }
    memory = MemorySegment.ofArray(new byte[(int) at + 64]).fill(GUARD);
    for (Request request : requests) {
      if (hasMemory(request)) {
        request.data = memory;
        for (int i = 0; request.operation == Operation.WRITE && i < request.length; i++) {
          memory.set(
              ValueLayout.JAVA_BYTE,
              request.dataOffset + i,
              HostileSession.data(request.offset + i));
        }
      }
    }
  }

  private static boolean hasMemory(Request request) {
    return request.operation == Operation.READ || request.operation == Operation.WRITE;
  }

  /** Behind the places of the requests. */
  private void ask(NbdDevice device) {
    int place = MOST + random.nextInt(20);
    long offset = (long) place * HostileSession.PLACE + 512L * random.nextInt(100);
    long length = 1L + random.nextInt(1 << 20);
    if (random.nextBoolean()) {
      device.prefetch(offset, length);
    } else {
      Extents question = new Extents(20, answered -> answersToQuestions.incrementAndGet());
      questions.add(question);
      device.describe(question.ask(offset, length, 1 + random.nextInt(20)));
    }
  }

  /** Until all requests are answered, or the server has left. */
  void run(NbdDevice device) throws InterruptedException {
    int done = 0;
    while (done < requests.length) {
      if (random.nextInt(3) == 0) {
        ask(device);
      }
      int count = 1 + random.nextInt(requests.length - done);
      Request[] batch = new Request[count];
      System.arraycopy(requests, done, batch, 0, count);
      device.submit(batch, count);
      done += count;
    }
    long deadline = System.nanoTime() + LIMIT_NS;
    synchronized (session) {
      while (!session.hasEnded() && !allAnswered()) {
        assertThat(System.nanoTime()).as("hangs").isLessThan(deadline);
        session.wait(1000);
      }
    }
  }

  private boolean allAnswered() {
    for (AtomicInteger each : answers) {
      if (each.get() == 0) {
        return false;
      }
    }
    return true;
  }

  private void answered(Request request) {
    if (request.error == Errno.OK && request.operation == Operation.READ) {
      for (int i = 0; i < request.length; i++) {
        byte is = memory.get(ValueLayout.JAVA_BYTE, request.dataOffset + i);
        dataWrong |= is != HostileSession.data(request.offset + i);
      }
    }
    if (hasMemory(request)) {
      memory.asSlice(request.dataOffset, request.length).fill(OWNED);
    }
    answers[(int) request.attachment].incrementAndGet();
    synchronized (session) {
      session.notifyAll();
    }
  }

  /** After the device was closed. */
  void check() {
    for (int i = 0; i < requests.length; i++) {
      Request request = requests[i];
      assertThat(answers[i]).as("answers to %s", request).hasValue(1);
      if (session.lies.contains(i) && session.isFirst()) {
        assertThat(request.error).as("%s, which was lied about", request).isNotEqualTo(Errno.OK);
      }
      if (session.isHonest()) {
        assertThat(wasTold(i, request)).as("%s: %s", request, Errno.name(request.error)).isTrue();
      }
    }
    MemorySegment expected = MemorySegment.ofArray(new byte[(int) memory.byteSize()]).fill(GUARD);
    for (Request request : requests) {
      if (hasMemory(request)) {
        expected.asSlice(request.dataOffset, request.length).fill(OWNED);
      }
    }
    assertThat(memory.mismatch(expected)).as("memory that is not lent, touched at").isEqualTo(-1);
    assertThat(dataWrong && session.isHonest()).as("wrong data").isFalse();
    assertThat(answersToQuestions).as("answers to questions").hasValue(questions.size());
    for (Extents question : questions) {
      if (question.error == Errno.OK) {
        assertThat(question.count()).isBetween(1, question.most());
        assertThat(question.described()).isBetween(1L, question.length);
      }
    }
  }

  /** Of an honest server: that it said so, unless the connection ended. */
  private boolean wasTold(int index, Request request) {
    int place = request.operation == Operation.FLUSH ? -1 : index;
    return switch (request.error) {
      case Errno.OK -> session.served.contains(place);
      case Errno.ENOTCONN -> session.hasEnded();
      case Errno.ESHUTDOWN ->
          session.hasEnded() || session.failed.contains(place * 256 + Errno.ESHUTDOWN);
      default -> session.failed.contains(place * 256 + request.error);
    };
  }
}
