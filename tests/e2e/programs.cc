#include "tests/e2e/programs.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>
#include <system_error>
#include <utility>

#include "common/base/clock.h"
#include "common/base/file_system.h"
#include "gtest/gtest.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kLookMicros = 5000;

std::string Content(const fs::path& file) {
  auto content = ReadFile(file);
  return content.ok() ? *std::move(content) : "";
}

Subprocess Start(std::vector<std::string> args, const fs::path& folder) {
  const fs::path ours = fs::path(STEREOFARM_BIN_DIR) / args[0];
  if (args[0].starts_with("stereofarm")) args[0] = ours.string();
  SpawnOptions options;
  options.stdout_file = folder / "out";
  options.stderr_file = folder / "err";
  // What a test leaves running dies with it.
  options.dies_with_parent = true;
  auto process = Subprocess::Spawn(args, options);
  if (!process.ok()) {
    ADD_FAILURE() << process.status();
    process = Subprocess::Spawn({"/bin/false"});
  }
  return *std::move(process);
}

// The parent of a process, 0 when it's gone.
pid_t ParentOf(const fs::path& proc) {
  const std::string stat = Content(proc / "stat");
  const size_t end_of_name = stat.rfind(')');
  if (end_of_name == std::string::npos) return 0;
  std::istringstream rest(stat.substr(end_of_name + 1));
  std::string state;
  pid_t parent = 0;
  rest >> state >> parent;
  return parent;
}

}  // namespace

std::vector<std::string> Ended::OutLines() const {
  std::vector<std::string> lines;
  std::istringstream text(out);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

nlohmann::json Ended::LastJson() const {
  const std::vector<std::string> lines = OutLines();
  if (lines.empty()) return nullptr;
  const auto json = nlohmann::json::parse(lines.back(), nullptr, /*allow_exceptions=*/false);
  return json.is_discarded() ? nlohmann::json() : json;
}

Running::Running(const std::vector<std::string>& args)
    : folder_(std::make_unique<TempFolder>()), process_(Start(args, folder_->path())) {}

std::string Running::out() const { return Content(folder_->path() / "out"); }
std::string Running::err() const { return Content(folder_->path() / "err"); }

Ended Running::Wait(double seconds) {
  const auto ended = process_.WaitFor(static_cast<int64_t>(seconds * 1e6));
  if (!ended) {
    ADD_FAILURE() << "a program took more than " << seconds << " s; it said:\n" << out() << err();
    process_.Kill(SIGKILL);
  }
  const int code = process_.Wait().code;
  return {code, out(), err()};
}

Ended RunProgram(const std::vector<std::string>& args, double seconds) {
  return Running(args).Wait(seconds);
}

Ended Stereofarm(std::vector<std::string> words, double seconds) {
  words.insert(words.begin(), "stereofarm");
  return RunProgram(words, seconds);
}

bool WaitUntil(const std::function<bool()>& condition, double seconds) {
  const int64_t deadline = RealClock()->MonotonicMicros() + static_cast<int64_t>(seconds * 1e6);
  while (!condition()) {
    if (RealClock()->MonotonicMicros() > deadline) return false;
    const timespec look = {0, kLookMicros * 1000};
    nanosleep(&look, nullptr);
  }
  return true;
}

std::vector<pid_t> ChildrenOf(pid_t parent, const std::string& name) {
  std::vector<pid_t> children;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string number = entry.path().filename();
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), pid);
    if (error != std::errc() || end != number.data() + number.size()) continue;
    if (ParentOf(entry.path()) != parent) continue;
    std::string program = Content(entry.path() / "cmdline");
    program.resize(std::min(program.size(), program.find('\0')));
    if (fs::path(program).filename() == name) children.push_back(pid);
  }
  return children;
}

bool IsAlive(pid_t pid) {
  const std::string stat = Content(fs::path("/proc") / std::to_string(pid) / "stat");
  const size_t end_of_name = stat.rfind(')');
  return end_of_name != std::string::npos && stat.compare(end_of_name, 3, ") Z") != 0;
}

std::vector<std::string> FilesBelow(const fs::path& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator entry(folder, error), end; entry != end;
       entry.increment(error)) {
    // The farm makes and removes files while this looks.
    if (error) break;
    files.push_back(entry->path().lexically_relative(folder).string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

int CountBelow(const fs::path& folder, const std::string& part) {
  const std::vector<std::string> files = FilesBelow(folder);
  return static_cast<int>(std::count_if(files.begin(), files.end(), [&](const std::string& file) {
    return file.find(part) != std::string::npos;
  }));
}

}  // namespace stereofarm
