package writeboost.effect;

import java.util.Arrays;
import writeboost.device.Request;

/**
 * What is to be done after the core has returned: I/O, computation, answers, timers. Preallocated,
 * grows to the largest batch seen, then allocates no more. Belongs to one thread; the core only
 * appends.
 */
public final class Effects {

  private static final int FIRST_CAPACITY = 64;

  private Work[] works = new Work[FIRST_CAPACITY];
  private int workCount;
  private DeviceOperation[] operations = new DeviceOperation[FIRST_CAPACITY];
  private int operationCount;

  /** Operations before this one have been told to {@link Unanswered}. */
  private int watchedCount;

  private Request[] answered = new Request[FIRST_CAPACITY];
  private int[] errors = new int[FIRST_CAPACITY];
  private int answeredCount;
  private Timer[] timers = new Timer[1];
  private int timerCount;

  /** Only the core appends. */
  public void run(Work work) {
    if (workCount == works.length) {
      works = Arrays.copyOf(works, workCount * 2);
    }
    works[workCount++] = work;
  }

  /** Only the core appends. */
  public void submit(DeviceOperation operation) {
    if (operationCount == operations.length) {
      operations = Arrays.copyOf(operations, operationCount * 2);
    }
    operations[operationCount++] = operation;
  }

  /** Only the core appends. The driver calls {@link Request#complete} with the error. */
  public void answer(Request request, int error) {
    if (answeredCount == answered.length) {
      answered = Arrays.copyOf(answered, answeredCount * 2);
      errors = Arrays.copyOf(errors, answeredCount * 2);
    }
    answered[answeredCount] = request;
    errors[answeredCount++] = error;
  }

  /** Only the core appends. The driver calls the core's {@code elapsed} after the timer's delay. */
  public void start(Timer timer) {
    if (timerCount == timers.length) {
      timers = Arrays.copyOf(timers, timerCount * 2);
    }
    timers[timerCount++] = timer;
  }

  /** The operations that this was not called for before are going to be submitted. */
  public void watch(Unanswered cache, Unanswered backing, long nowNs) {
    for (; watchedCount < operationCount; watchedCount++) {
      cache.submitted(operations[watchedCount], nowNs);
      backing.submitted(operations[watchedCount], nowNs);
    }
  }

  public int workCount() {
    return workCount;
  }

  public Work work(int i) {
    return works[i];
  }

  public int operationCount() {
    return operationCount;
  }

  public DeviceOperation operation(int i) {
    return operations[i];
  }

  public int answeredCount() {
    return answeredCount;
  }

  public Request answered(int i) {
    return answered[i];
  }

  public int error(int i) {
    return errors[i];
  }

  public int timerCount() {
    return timerCount;
  }

  public Timer timer(int i) {
    return timers[i];
  }

  public boolean isEmpty() {
    return workCount == 0 && operationCount == 0 && answeredCount == 0 && timerCount == 0;
  }

  /** Forgets everything; the driver calls it once all is carried out. */
  public void clear() {
    Arrays.fill(works, 0, workCount, null);
    Arrays.fill(operations, 0, operationCount, null);
    Arrays.fill(answered, 0, answeredCount, null);
    workCount = 0;
    operationCount = 0;
    watchedCount = 0;
    answeredCount = 0;
    timerCount = 0;
  }
}
