#include "tests/e2e/guarded_farm.h"

#include <fstream>
#include <utility>

#include "gtest/gtest.h"
#include "tests/e2e/films.h"

namespace stereofarm {

GuardedFarm::GuardedFarm() {
  std::filesystem::create_directories(films());
  EXPECT_EQ(Certs({"init", "--host", "farm.example"}).code, 0);
  coordinator_ = std::make_unique<Running>(std::vector<std::string>{
      "stereofarm-coordinator", "--root", root().string(), "--listen", "127.0.0.1:0", "--tls",
      tls().string(), "--allow", films().string(), "--allow", SmallFilm().parent_path().string()});
  EXPECT_TRUE(WaitUntil([&] { return coordinator_->out().ends_with("\n"); }))
      << coordinator_->err();
  const std::string said = coordinator_->out();
  const std::string before = "serving ";
  if (said.starts_with(before)) {
    address_ = said.substr(before.size(), said.find('\n') - before.size());
  }
}

Ended GuardedFarm::Certs(std::vector<std::string> words) {
  words.insert(words.begin(), {"stereofarm-coordinator", "certs"});
  words.insert(words.end(), {"--tls", tls().string()});
  return RunProgram(words);
}

void GuardedFarm::Issue(const std::string& name, const std::string& role) {
  const Ended ended = Certs({"issue", name, "--role", role, "--out", FolderOf(name).string()});
  EXPECT_EQ(ended.code, 0) << ended.err;
}

Ended GuardedFarm::Ask(const std::string& name, std::vector<std::string> words) {
  words.insert(words.end(), {"--farm", address_});
  if (!name.empty()) words.insert(words.end(), {"--tls", FolderOf(name).string()});
  return Stereofarm(std::move(words));
}

std::vector<nlohmann::json> GuardedFarm::AuditLines() const {
  std::vector<nlohmann::json> lines;
  std::ifstream file(root() / "audit.log");
  for (std::string line; std::getline(file, line);) {
    lines.push_back(nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false));
    EXPECT_TRUE(lines.back().is_object()) << line;
  }
  return lines;
}

}  // namespace stereofarm
