export { gamesTables, writeGamesPage } from "./page.ts";
export { type PlayOptions, type PlayOrder, type PlaySetting, playGame, playOrders } from "./play.ts";
export {
  type GameRecord,
  type GamesExperiment,
  HISTORY_WEIGHTS,
  playAll,
  readGameRecords,
  refuseOtherGames,
  writeGameRecord,
} from "./record.ts";
export { type ToyGame, toyGames } from "./toy-games.ts";
