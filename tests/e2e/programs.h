#ifndef STEREOFARM_TESTS_E2E_PROGRAMS_H_
#define STEREOFARM_TESTS_E2E_PROGRAMS_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/subprocess.h"
#include "nlohmann/json.hpp"
#include "tests/support/temp_folder.h"

namespace stereofarm {

// How a program ended and what it said.
struct Ended {
  int code = 0;
  std::string out;
  std::string err;

  std::vector<std::string> OutLines() const;
  // The last line of standard output as JSON; null when it is none.
  nlohmann::json LastJson() const;
};

// A program that runs, with its output in files.
class Running {
 public:
  // `args`: one of our programs by its name alone, or anything that PATH has.
  explicit Running(const std::vector<std::string>& args);

  std::string out() const;
  std::string err() const;
  Subprocess& process() { return process_; }
  // Waits for the end; fails the test and kills the program when it takes more than `seconds`.
  Ended Wait(double seconds = 400);

 private:
  std::unique_ptr<TempFolder> folder_;
  Subprocess process_;
};

// Runs a program to its end.
Ended RunProgram(const std::vector<std::string>& args, double seconds = 400);
// `stereofarm` with these words.
Ended Stereofarm(std::vector<std::string> words, double seconds = 400);

// Looks again and again until `condition` holds; false when it doesn't within `seconds`.
bool WaitUntil(const std::function<bool()>& condition, double seconds = 200);

// Child processes of `parent` whose program is `name`.
std::vector<pid_t> ChildrenOf(pid_t parent, const std::string& name);
bool IsAlive(pid_t pid);

// Paths below `folder`, hidden ones too, relative to it and sorted.
std::vector<std::string> FilesBelow(const std::filesystem::path& folder);
// How many paths below `folder` contain `part`, relative to it.
int CountBelow(const std::filesystem::path& folder, const std::string& part);

}  // namespace stereofarm

#endif  // STEREOFARM_TESTS_E2E_PROGRAMS_H_
