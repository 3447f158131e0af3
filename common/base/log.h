#ifndef STEREOFARM_COMMON_BASE_LOG_H_
#define STEREOFARM_COMMON_BASE_LOG_H_

#include <sstream>

namespace stereofarm {

enum class LogLevel { kInfo = 0, kWarning = 1, kError = 2 };

// Messages below this level are dropped. Default kInfo. Thread-safe.
void SetMinimumLogLevel(LogLevel level);

// One line on standard error: time (UTC), level, program name, message. Thread-safe; lines never
// interleave.
class LogMessage {
 public:
  explicit LogMessage(LogLevel level) : level_(level) {}
  ~LogMessage();
  LogMessage(const LogMessage&) = delete;
  LogMessage& operator=(const LogMessage&) = delete;
  std::ostream& stream() { return stream_; }

 private:
  LogLevel level_;
  std::ostringstream stream_;
};

// Prints what failed and where, then aborts. Only for bugs of ours, never for bad input.
[[noreturn]] void CheckFailed(const char* file, int line, const char* condition);

}  // namespace stereofarm

#define SF_LOG(level) ::stereofarm::LogMessage(::stereofarm::LogLevel::level).stream()
#define SF_CHECK(condition) \
  ((condition) ? (void)0 : ::stereofarm::CheckFailed(__FILE__, __LINE__, #condition))

#endif  // STEREOFARM_COMMON_BASE_LOG_H_
