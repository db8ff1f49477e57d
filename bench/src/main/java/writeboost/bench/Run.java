package writeboost.bench;

/**
 * What one run of the client has measured.
 *
 * @param requests answered
 * @param iops requests per second
 * @param cpuMicros CPU time of the server per request
 */
record Run(long requests, double iops, double cpuMicros) {}
