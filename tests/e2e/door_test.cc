// A farm that other machines can reach: certificates, tokens and roles, with the programs that
// people use.
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/films.h"
#include "tests/e2e/guarded_farm.h"
#include "tests/e2e/programs.h"

namespace stereofarm {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using testing::HasSubstr;

int CountLines(const std::vector<json>& lines, const std::string& method, const std::string& name,
               const std::string& result) {
  return static_cast<int>(std::count_if(lines.begin(), lines.end(), [&](const json& line) {
    return line.value("method", "").ends_with("/" + method) && line.value("name", "") == name &&
           line.value("result", "") == result;
  }));
}

TEST(DoorTest, AFilmGoesThroughAFarmWithTls) {
  GuardedFarm farm;
  farm.Issue("ann", "submit");
  farm.Issue("ben", "submit");
  farm.Issue("olga", "operate");
  farm.Issue("node7", "work");

  const Ended submitted =
      farm.Ask("ann", {"submit", SmallFilm().string(), (farm.films() / "out.mkv").string(),
                       "--range", "20:32", "--shard-frames", "12"});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  const std::string job = submitted.OutLines().back();

  const Ended meddled = farm.Ask("ben", {"cancel", job});
  EXPECT_EQ(meddled.code, 5);
  EXPECT_THAT(meddled.err, HasSubstr("isn't one of yours"));
  EXPECT_EQ(farm.Ask("ann", {"cancel", job}).code, 0);
  EXPECT_EQ(farm.Ask("olga", {"retry", job}).code, 0);

  Running worker({"stereofarm-worker", "--farm", farm.address(), "--tls",
                  farm.FolderOf("node7").string(), "--scratch", farm.FolderOf("scratch").string()});
  const Ended watched = farm.Ask("ben", {"watch", job, "--quiet"});
  EXPECT_EQ(watched.code, 0) << watched.err << worker.err();
  EXPECT_TRUE(fs::exists(farm.films() / "out.mkv"));

  const std::vector<json> lines = farm.AuditLines();
  EXPECT_EQ(CountLines(lines, "Submit", "ann", "OK"), 1);
  EXPECT_EQ(CountLines(lines, "Cancel", "ben", "PERMISSION_DENIED"), 1);
  EXPECT_EQ(CountLines(lines, "Cancel", "ann", "OK"), 1);
  EXPECT_EQ(CountLines(lines, "Retry", "olga", "OK"), 1);
  EXPECT_EQ(CountLines(lines, "Register", "node7", "OK"), 1);
  EXPECT_GE(CountLines(lines, "Complete", "node7", "OK"), 3);  // scan, depth, render
  for (const json& line : lines) EXPECT_THAT(line.value("peer", ""), HasSubstr("127.0.0.1"));
}

TEST(DoorTest, StrangersHearWhatIsWrong) {
  GuardedFarm farm;
  farm.Issue("olga", "operate");
  farm.Issue("node7", "work");
  const Ended plain = farm.Ask("", {"jobs"});
  EXPECT_EQ(plain.code, 5);
  EXPECT_THAT(plain.err, HasSubstr("--tls"));

  const Ended machine = farm.Ask("node7", {"jobs"});
  EXPECT_EQ(machine.code, 5);
  EXPECT_THAT(machine.err, HasSubstr("its role is work"));
  const Ended person =
      RunProgram({"stereofarm-worker", "--farm", farm.address(), "--tls",
                  farm.FolderOf("olga").string(), "--scratch", farm.FolderOf("scratch").string()});
  EXPECT_EQ(person.code, 5);
  EXPECT_THAT(person.err, HasSubstr("its role is operate"));

  fs::copy(farm.FolderOf("olga"), farm.FolderOf("forger"));
  fs::copy_file(farm.FolderOf("node7") / "token", farm.FolderOf("forger") / "token",
                fs::copy_options::overwrite_existing);
  const Ended forged = farm.Ask("forger", {"jobs"});
  EXPECT_EQ(forged.code, 5);
  EXPECT_THAT(forged.err, HasSubstr("its token isn't the one"));

  EXPECT_EQ(farm.Ask("olga", {"jobs"}).code, 0);
  EXPECT_EQ(farm.Certs({"revoke", "olga"}).code, 0);
  const Ended revoked = farm.Ask("olga", {"jobs"});
  EXPECT_EQ(revoked.code, 5);
  EXPECT_THAT(revoked.err, HasSubstr("revoked"));
  EXPECT_THAT(farm.Certs({"list"}).out, HasSubstr("revoked"));

  const Ended nowhere = farm.Ask("nobody", {"jobs"});
  EXPECT_EQ(nowhere.code, 2);
  EXPECT_THAT(nowhere.err, HasSubstr("certs issue"));
  // One sentence each, and nothing of the library's own.
  for (const Ended& ended : {plain, machine, forged, revoked, nowhere}) {
    EXPECT_EQ(std::count(ended.err.begin(), ended.err.end(), '\n'), 1) << ended.err;
  }
}

TEST(DoorTest, NoPortThatOthersCanReachOpensUnguarded) {
  const TempFolder folder;
  const auto start = [&](const std::string& address, std::vector<std::string> more) {
    more.insert(more.begin(), {"stereofarm-coordinator", "--root", (folder / "root").string(),
                               "--listen", address});
    return RunProgram(more, 60);
  };
  for (const std::string address : {"0.0.0.0:0", "[::]:0", "*:0", "192.0.2.1:0", "example.org:0",
                                    "127.example.org:0", "127.0.0.1.example.org:0"}) {
    const Ended refused = start(address, {});
    EXPECT_EQ(refused.code, 2) << address;
    EXPECT_THAT(refused.err, HasSubstr("--tls"));
  }
  EXPECT_EQ(start("127.0.0.1:0", {"--tls", (folder / "none").string()}).code, 2);
  EXPECT_EQ(start("127.0.0.1:0", {"--tls", folder.path().string(), "--insecure"}).code, 2);
  EXPECT_FALSE(fs::exists(folder / "root" / "farm.db"));
}

TEST(DoorTest, WhatIsIssuedIsForItsOwnersEyesAlone) {
  const TempFolder folder;
  const std::string tls = (folder / "tls").string();
  const auto certs = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"stereofarm-coordinator", "certs"});
    words.insert(words.end(), {"--tls", tls});
    return RunProgram(words);
  };
  EXPECT_EQ(certs({"issue", "ann", "--role", "submit", "--out", (folder / "a").string()}).code, 3);
  EXPECT_EQ(certs({"init", "--host", "not a host"}).code, 3);
  EXPECT_FALSE(fs::exists(tls));
  EXPECT_EQ(certs({"init", "--host", "farm.example,192.0.2.7"}).code, 0);
  const Ended again = certs({"init", "--host", "farm.example"});
  EXPECT_EQ(again.code, 3);
  EXPECT_THAT(again.err, HasSubstr("authority.pem exists"));
  EXPECT_EQ(certs({"issue", "../x", "--role", "submit", "--out", (folder / "a").string()}).code, 3);
  EXPECT_EQ(certs({"issue", "ann", "--role", "king", "--out", (folder / "a").string()}).code, 3);
  EXPECT_EQ(certs({"issue", "ann", "--role", "work", "--out", (folder / "a").string()}).code, 0);
  EXPECT_EQ(certs({"issue", "bob", "--role", "work", "--out", (folder / "a").string()}).code, 3);
  for (const char* place : {"tls", "a"}) {
    for (const auto& entry : fs::recursive_directory_iterator(folder / place)) {
      EXPECT_EQ(entry.status().permissions(), entry.is_directory()
                                                  ? fs::perms::owner_all
                                                  : fs::perms::owner_read | fs::perms::owner_write)
          << entry.path();
    }
    EXPECT_EQ(fs::status(folder / place).permissions(), fs::perms::owner_all) << place;
  }
}

}  // namespace
}  // namespace stereofarm
