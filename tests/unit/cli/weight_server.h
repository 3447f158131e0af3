#ifndef STEREOFARM_TESTS_UNIT_CLI_WEIGHT_SERVER_H_
#define STEREOFARM_TESTS_UNIT_CLI_WEIGHT_SERVER_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stereofarm {

// A web server on this machine with one file at /files/weights.pth.
class WeightServer {
 public:
  // What it was asked.
  struct Request {
    std::string range;
    std::string if_range;
  };

  // How it answers.
  struct Answer {
    std::string content;
    std::string etag = "\"1\"";      // none is sent where it's empty
    std::string last_modified;       // likewise
    bool ranges = true;              // whether parts are given
    int status = 200;                // for others the content is a page
    std::optional<size_t> break_at;  // closes the connection after so many bytes
  };

  WeightServer();
  ~WeightServer();

  std::string base() const;  // "http://127.0.0.1:PORT"
  std::string url() const { return base() + "/files/weights.pth"; }

  // From the next request on.
  void Give(const Answer& answer);

  std::vector<Request> requests() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_UNIT_CLI_WEIGHT_SERVER_H_
