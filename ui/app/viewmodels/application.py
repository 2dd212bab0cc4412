"""The application as a whole: which page is shown, who is signed in, who watches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import Property, QObject, Signal, Slot

from player.reporting.state import NextEpisode, PlaybackFailure
from player.service.model import CatalogFilter, Profile, Season, Title
from ui.app.ports.client import ClientPort
from ui.app.profile.last_used import Memory
from ui.app.viewmodels.account import AccountViewModel
from ui.app.viewmodels.addresses import AddressesViewModel
from ui.app.viewmodels.binding import part, shown
from ui.app.viewmodels.browse import BrowseViewModel
from ui.app.viewmodels.channels import ChannelsViewModel
from ui.app.viewmodels.clips import ClipsViewModel
from ui.app.viewmodels.code_sign_in import CodeSignInViewModel
from ui.app.viewmodels.details import DetailsViewModel
from ui.app.viewmodels.downloads import DownloadsViewModel
from ui.app.viewmodels.episodes import episode_to_go_on_with
from ui.app.viewmodels.files import FilesViewModel
from ui.app.viewmodels.home import HomeViewModel
from ui.app.viewmodels.keys import KeysViewModel
from ui.app.viewmodels.my_list import MyListViewModel
from ui.app.viewmodels.pages import Page, PageStack
from ui.app.viewmodels.player import PlayerViewModel
from ui.app.viewmodels.prefetching import TitlePrefetch, source_of
from ui.app.viewmodels.profiles import ProfilesViewModel
from ui.app.viewmodels.search import SearchViewModel
from ui.app.viewmodels.setting_choices import Deed
from ui.app.viewmodels.settings import SettingsViewModel
from ui.app.viewmodels.sign_in import SignInViewModel
from ui.app.viewmodels.tasks import Tasks
from ui.app.viewmodels.text import tr
from ui.app.viewmodels.title_choices import TitleChoices
from ui.app.viewmodels.title_download import TitleDownload
from ui.app.viewmodels.trouble import Help

if TYPE_CHECKING:
    from player.title.opening import PlaybackSource
    from ui.app.video.output import VideoOutput
    from ui.app.viewmodels.tools import ToolsViewModel
    from ui.app.viewmodels.up_next import UpNext


class ApplicationViewModel(QObject):
    """Pages form a stack: starting, sign-in, profiles or home at the bottom, others above it, the player on top.

    When the viewer has to sign in again, what needs a viewer waits until that is done.
    """

    pageChanged = Signal()
    viewerChanged = Signal()
    listedChanged = Signal()
    leftPlayer = Signal()
    serviceChosen = Signal(str)  # its address; none where another is to be asked for

    def __init__(
        self,
        client: ClientPort,
        tasks: Tasks,
        home: HomeViewModel,
        player: PlayerViewModel,
        *,
        settings: SettingsViewModel | None = None,
        downloads: DownloadsViewModel | None = None,
        memory: Memory | None = None,
        keys: KeysViewModel | None = None,
        clip_output: VideoOutput | None = None,
        tv: bool = False,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._client = client
        self._tasks = tasks
        self._home = home
        self._player = player
        self._sign_in = SignInViewModel(client, tasks, self)
        self._code_sign_in = CodeSignInViewModel(client, tasks, self)
        self._profiles = ProfilesViewModel(client, tasks, memory, self)
        self._search = SearchViewModel(client, tasks, home.posters, memory, self, suggest=home.suggestions)
        self._account = AccountViewModel(client, tasks, self)
        self._channels = ChannelsViewModel(client, tasks, home.posters, self)
        self._my_list = MyListViewModel(client, tasks, home.posters, self)
        self._browse = BrowseViewModel(client, tasks, home.posters, self)
        self._choices = TitleChoices(client, tasks, self._my_list.holds, self._my_list.toggle, self)
        self._tv = tv
        self._keys = keys or KeysViewModel(parent=self)
        self._by_code = tv and bool(client.service_name)
        self._settings = settings or SettingsViewModel(client, tasks, parent=self)
        self._details = DetailsViewModel(client, tasks, home.posters, self)
        self._looking = TitlePrefetch(client, self._card_of, self)
        self._clips = ClipsViewModel(clip_output, home.posters, self._card_of, self)
        self._downloads = downloads or DownloadsViewModel(None, tasks, home.posters, self)
        self._title_download = TitleDownload(
            self._downloads, tasks, self, lambda: self._settings.preferences.download_height
        )
        self._page = Page.STARTING
        self._pages = PageStack()
        self._interrupted: tuple[PlaybackSource, float | None] | None = None
        self._viewer = ""
        self._person_id = ""
        self._addresses = AddressesViewModel(lambda: self._pages.bottom is Page.HOME, self)
        self._files = FilesViewModel(client, tasks, self)
        cast("ToolsViewModel", player.property("tools")).use_queue(self._files)
        player.use_recordings(self._channels.kept)
        self._connect()

    def let_service_go(self) -> None:
        """Offer to leave the service for another, which nobody has set."""
        self._sign_in.let_service_go()

    def _connect(self) -> None:
        for way_in in (self._sign_in, self._code_sign_in):
            way_in.signedIn.connect(lambda name: self._enter(name, fresh=True))
        self._sign_in.serviceChosen.connect(self.serviceChosen)
        self._sign_in.refused.connect(lambda: self._rest_on(Page.SIGN_IN))
        for_viewers = (self._home, self._details, self._profiles, self._search, self._channels, self._my_list)
        for needing in (*for_viewers, self._account, self._browse, self._choices):
            needing.signInNeeded.connect(self._sign_in_again)
        self._home.changed.connect(self._suggest_again)
        self._choices.playWanted.connect(self.openTitle)
        self._choices.detailsWanted.connect(self.showTitle)
        self._choices.expected.connect(self._details.expect)
        self._choices.done.connect(lambda _title_id: self._ask_for_news())
        self._profiles.chosen.connect(self._watch_as)
        self._profiles.needed.connect(lambda: self._rest_on(Page.PROFILES))
        self._details.changed.connect(lambda: self._title_download.show(self._details.keepable))
        self._details.changed.connect(self.listedChanged)
        self._details.changed.connect(self._look_at_shown)
        cast("UpNext", self._player.property("upNext")).coming.connect(self._look_at_next)
        self._my_list.changed.connect(self.listedChanged)
        self._my_list.refused.connect(self._choices.say)
        self._title_download.playWanted.connect(self.playDownload)
        self._player.ended.connect(self._after_end)
        self._player.failed.connect(self._files.pass_over)
        self._files.sourceWanted.connect(self._play_queued)
        self._files.nothingPlays.connect(self._expect_nothing)
        self._addresses.filesWanted.connect(self._files.open)
        self.pageChanged.connect(self._look_for_files)
        self._player.keptWanted.connect(self._play_kept)
        self._account.signedOut.connect(self._signed_out)
        self._settings.asked.connect(self._do)
        self._addresses.streamWanted.connect(self._play)
        self._addresses.titleWanted.connect(self._show_or_play)

    page = shown(str, "_page", pageChanged)
    viewer = shown(str, "_viewer", viewerChanged)
    byCode = shown(bool, "_by_code", pageChanged)  # the sign-in page shows a code; else it has a form
    signIn = part("_sign_in")
    codeSignIn = part("_code_sign_in")
    profiles = part("_profiles")
    search = part("_search")
    account = part("_account")
    channels = part("_channels")
    myList = part("_my_list")
    browse = part("_browse")
    choices = part("_choices")
    home = part("_home")
    player = part("_player")
    details = part("_details")
    settings = part("_settings")
    keys = part("_keys")
    downloads = part("_downloads")
    titleDownload = part("_title_download")
    lookingAhead = part("_looking")
    clips = part("_clips")
    addresses = part("_addresses")
    files = part("_files")

    @property
    def settings_page(self) -> SettingsViewModel:
        """What stands on the settings page, for those who hear of the desktop."""
        return self._settings

    @property
    def own_files(self) -> FilesViewModel:
        """The viewer's files and their queue, for the desktop's controls."""
        return self._files

    @Property(bool, constant=True)
    def tv(self) -> bool:
        return self._tv

    @Property(bool, notify=listedChanged)
    def listed(self) -> bool:
        """Whether the title of the details page is on the viewer's list."""
        return self._my_list.holds(self._details.property("titleId"))

    def start(
        self,
        *,
        email: str = "",
        password: str = "",
        source: PlaybackSource | None = None,
        files: Sequence[str] = (),
        link: str = "",
    ) -> None:
        """Go to the first page: ``source`` or ``files`` play at once, ``link`` is followed as soon as it can be;
        credentials sign in, else an earlier sign-in counts. A title of the service waits for the credentials."""
        if self._client.service_name:
            if email and password:
                self._sign_in.submit(email, password)
            else:
                self._tasks.run(self._client.restore(), self._restored, self._not_restored)
        if source is not None and source.title_id and email and password:
            self._interrupted = source, None
        elif source is not None:
            self._play(source)
        elif files:
            self._expect(files)
        if link:
            self.open_address(link)
        if not self._client.service_name:
            self._rest_on(Page.SIGN_IN)
        self._downloads.refresh()

    def _suggest_again(self) -> None:
        """The search page may have been opened before there were titles to suggest."""
        if self._page is Page.SEARCH:
            self._search.refresh()

    def _look_for_files(self) -> None:
        """Where a row shows what was opened last."""
        if self._page in (Page.HOME, Page.SIGN_IN):
            self._files.refresh()

    def _expect(self, files: Sequence[str]) -> None:
        """Open these; until it is known what they are the player waits."""
        self._pages.playing = True
        self._show_top()
        self._player.expect(self._files.name_of(files))
        self._files.open(files)

    def _expect_nothing(self) -> None:
        """Nothing of what was asked for can be opened."""
        if self._pages.playing and self._player.interrupted is None:
            self._leave_player()

    def open_places(self, places: Sequence[str]) -> None:
        """Files and folders that the viewer has chosen outside of the app."""
        self._files.open(places)

    def open_address(self, text: str) -> None:
        """What another program gave to the app: a link, or the address of a stream."""
        self._addresses.open(text)

    @Slot(str)
    def showTitle(self, title_id: str) -> None:
        """The page of a title; that of an episode stands above that of its series."""
        card = self._card_of(title_id)
        if card is None:
            self._tasks.run(self._client.title(title_id), self._show_card, self._downloads.tell)
        elif self._page is Page.DETAILS and self._details.property("isSeries"):
            self._details.show_episode(card)
        else:
            self._show_card(card)

    @Slot(str)
    def openTitle(self, title_id: str) -> None:
        """Play a title where the viewer stopped; of a series, the episode to go on with."""
        card = self._card_of(title_id)
        if card is None or card.kind != "series":
            self._play_title(title_id)
            return
        self._show_card(card)

        def arrived(seasons: Sequence[Season]) -> None:
            episode = episode_to_go_on_with(seasons)
            shown_id = self._details.property("titleId") if self._page is Page.DETAILS else ""
            if episode is not None and shown_id == card.id:
                self._play(source_of(episode.id, episode))

        self._tasks.run(self._client.seasons(card.id), arrived, lambda _failure: None)  # its page says what is wrong

    @Slot(str)
    def openTitleFromStart(self, title_id: str) -> None:
        self._play_title(title_id, start_s=0.0)

    @Slot()
    def playFromFurthest(self) -> None:
        """Play the title whose page is shown from where another device got further."""
        card, furthest_s = self._details.card, self._details.furthest_s
        if card is not None and furthest_s is not None:
            self._play_title(card.id, furthest_s)

    @Slot()
    def showSettings(self) -> None:
        self._put_above(Page.SETTINGS)

    @Slot()
    def showAccount(self) -> None:
        self._put_above(Page.ACCOUNT)

    @Slot()
    def showDownloads(self) -> None:
        self._put_above(Page.DOWNLOADS)

    @Slot()
    def showSearch(self) -> None:
        self._search.refresh()
        self._put_above(Page.SEARCH)

    @Slot()
    def showChannels(self) -> None:
        self._put_above(Page.CHANNELS)

    @Slot(str)
    def openChannel(self, title_id: str) -> None:
        """Play a channel at its live edge."""
        from player.title.opening import LIVE, PlaybackSource  # loaded by the engine meanwhile

        card = self._channels.card_of(title_id)
        if card is not None:
            self._play(PlaybackSource(title_id=card.id, name=card.title, variant=LIVE))

    @Slot(str, float)
    def openProgramme(self, title_id: str, begins: float) -> None:
        """Play what was on a channel from where it began; what came after it follows."""
        from player.title.opening import LIVE, PlaybackSource

        card, begin_at = self._channels.card_of(title_id), self._channels.date_of(title_id, begins)
        if card is not None:
            self._play(PlaybackSource(title_id=card.id, name=card.title, variant=LIVE, begin_at=begin_at))

    @Slot(str)
    def openRecording(self, title_id: str) -> None:
        """Play what was recorded; nothing where it is not there yet."""
        from player.title.opening import PlaybackSource

        card = self._channels.kept.playable(title_id)
        if card is not None:
            self._play(PlaybackSource(title_id=card.id, name=card.title, variant=""))

    @Slot()
    def showMyList(self) -> None:
        self._my_list.refresh()
        self._put_above(Page.MY_LIST)

    @Slot()
    def showCatalogue(self) -> None:
        """Everything there is, from A to Z."""
        self._browse.show(CatalogFilter(by_title=True))
        self._put_above(Page.BROWSE)

    @Slot(str)
    def showGenre(self, genre: str) -> None:
        self._browse.show(CatalogFilter(genre=genre))
        self._put_above(Page.BROWSE)

    @Slot(str)
    def showPerson(self, person: str) -> None:
        self._browse.show(CatalogFilter(person=person))
        self._put_above(Page.BROWSE)

    @Slot()
    def showHistory(self) -> None:
        self._browse.show_history()
        self._put_above(Page.BROWSE)

    @Slot(str, bool)
    def offerChoices(self, title_id: str, going_on: bool) -> None:
        """Make the menu of a title; ``going_on``: it stands among those to go on with."""
        card = self._card_of(title_id)
        if card is not None:
            self._choices.ask(card, going_on=going_on)

    @Slot(str)
    def rateShown(self, thumb: str) -> None:
        """Give the title of the details page a thumb."""
        if self._details.card is not None:
            self._choices.rate(self._details.card, thumb)

    @Slot()
    def markShown(self) -> None:
        """Take the title of the details page for watched, or for not begun."""
        if self._details.card is not None:
            self._choices.mark(self._details.card)

    @Slot()
    def toggleListed(self) -> None:
        """Put the title of the details page on the list, or take it off."""
        if self._details.card is not None:
            self._my_list.toggle(self._details.card)

    @Slot()
    def switchProfile(self) -> None:
        """Let somebody else watch."""
        self._profiles.switch()
        self._rest_on(Page.PROFILES)

    @Slot()
    def keepProfile(self) -> None:
        """Leave the profiles as they were."""
        if self._profiles.property("stays"):
            self._profiles.cancelPin()
            self._rest_on(Page.HOME)

    @Slot(str)
    def playDownload(self, download_id: str) -> None:
        """Play what is kept on this machine, if this profile may watch it."""
        self._play_download(download_id)

    def _play_download(self, download_id: str, start_s: float | None = None) -> None:
        if self._downloads.port is not None and self._downloads.kept(download_id) is not None:
            source = self._downloads.port.source(download_id)
            self._tasks.run(source, lambda found: self._play(found, start_s), self._downloads.tell)

    def _play_kept(self, title_id: str) -> None:
        """A title of the service that is kept on this machine."""
        one = self._downloads.of_title(title_id)
        if one is None:
            self.back()  # it has gone meanwhile
        else:
            self.playDownload(one.id)

    @Slot(bool)
    def signInByCode(self, by_code: bool) -> None:
        """Change the way to sign in."""
        self._by_code = by_code
        self._code_sign_in.set_visible(visible=self._page is Page.SIGN_IN and by_code)
        self.pageChanged.emit()

    @Slot()
    def back(self) -> None:
        """Leave the page on top for the one below it."""
        if self._pages.playing:
            self._leave_player()
            self.leftPlayer.emit()
        elif self._page is Page.DETAILS and self._details.leave_episode():
            pass
        else:
            if self._pages.pop() is Page.SETTINGS:
                self._settings.notice_seen()
            self._show_top()

    @Slot()
    def stopPlaying(self) -> None:
        """Leave the player, whatever is on the screen."""
        if self._pages.playing:
            self.back()

    @Slot(str)
    def helpWith(self, place: str) -> None:
        """Leave a playback that has failed for where that may be mended. After a new sign-in it goes on."""
        interrupted, why = self._player.interrupted, self._player.property("failure")
        self._leave_player()
        if place == Help.SIGN_IN:
            self._interrupted = interrupted
            self._sign_in_again(why)
        else:
            places = {
                Help.PROFILES: self.switchProfile,
                Help.ACCOUNT: self.showAccount,
                Help.DOWNLOADS: self.showDownloads,
                Help.SETTINGS: self.showSettings,
            }
            places[Help(place)]()

    @Slot()
    def signOut(self) -> None:
        self._tasks.run(self._client.sign_out(), lambda _none: None, lambda _failure: None)
        self._signed_out()

    def _leave_player(self) -> None:
        self._player.close()
        self._files.leave()
        self._pages.playing = False
        self._show_top()
        self._refresh_shown()
        self._keep_up()

    def _signed_out(self) -> None:
        self._home.forget()
        self._leave_household()
        self._forget_viewer()

    def close(self) -> None:
        """Stop what is playing and what is tried again."""
        self._player.close()
        self._clips.rest("")
        self._home.set_visible(visible=False)
        self._channels.set_visible(visible=False)
        self._downloads.close()
        self._settings.data_use.stop()
        self._code_sign_in.set_visible(visible=False)
        self._sign_in.set_visible(visible=False)

    def _do(self, deed: str) -> None:
        """What the viewer asks for on the settings page."""
        if deed == Deed.FORGET_SEARCHES:
            self._search.forget_recent()
            self._settings.tell(tr("The searches have been deleted."))
        elif deed == Deed.FORGET_HISTORY:
            self._tasks.run(self._client.forget_history(), self._forgotten, self._settings.tell_failure)

    def _forgotten(self, _none: None) -> None:
        self._home.refresh()
        self._settings.tell(tr("What was watched has been deleted."))

    def _show_or_play(self, title_id: str, play: bool) -> None:
        """What a link asks for."""
        if play:
            self._play_title(title_id)
        else:
            self._tasks.run(self._client.title(title_id), self._show_card, self._downloads.tell)

    def _show_card(self, card: Title) -> None:
        self._details.show(card)
        self._put_above(Page.DETAILS)

    def _play_title(self, title_id: str, start_s: float | None = None) -> None:
        """Play a title; without a network the copy on this machine, where there is one."""
        kept = self._downloads.of_title(title_id) if self._home.property("offline") else None
        if kept is not None and kept.playable:
            self._play_download(kept.id, start_s)
        else:
            self._play(source_of(title_id, self._card_of(title_id)), start_s)

    def _play_queued(self, source: PlaybackSource) -> None:
        """One of the queue; anything else ends the queue."""
        self._show_player(source, None)

    def _after_end(self) -> None:
        """What plays came to its end by itself."""
        if not self._files.after_end():
            self.back()

    def _play(self, source: PlaybackSource, start_s: float | None = None) -> None:
        self._files.leave()
        self._show_player(source, start_s)

    def _show_player(self, source: PlaybackSource, start_s: float | None) -> None:
        self._settings.data_use.remind()
        self._pages.playing = True
        self._show_top()
        self._player.open(source, start_s)

    def _look_at_next(self, following: NextEpisode) -> None:
        interrupted = self._player.interrupted
        if interrupted is None or interrupted[0].kept is None:  # what follows a kept one is here
            self._looking.follows(following)

    def _look_at_shown(self) -> None:
        self._looking.shown(self._details.playable if self._page is Page.DETAILS else None)

    def _keep_up(self) -> None:
        """Smart downloads, where the viewer wants them and there is one to ask for."""
        if self._settings.preferences.smart_downloads and self._pages.bottom is Page.HOME:
            self._downloads.keep_up()

    def _refresh_shown(self) -> None:
        """The position in a title has changed by playing it: the service must know it before it is asked for news."""
        self._tasks.run(
            self._client.send_positions(),
            lambda _none: self._ask_for_news(),
            lambda _failure: self._ask_for_news(),
        )

    def _ask_for_news(self) -> None:
        if self._pages.bottom is Page.HOME:
            self._home.refresh()
        if self._page is Page.DETAILS:
            self._details.refresh()
        if self._page is Page.BROWSE:
            self._browse.refresh()

    def _card_of(self, title_id: str) -> Title | None:
        """A title that is shown somewhere."""
        if self._page is Page.SEARCH:
            return self._search.card_of(title_id)
        shown_one = self._details.card_of(title_id)
        if shown_one is not None:
            return shown_one
        places = (self._browse.card_of, self._home.title_of, self._my_list.card_of)
        return next((card for place in places if (card := place(title_id)) is not None), None)

    def _enter(self, name: str, *, fresh: bool) -> None:
        """The account is signed in; who watches is asked next."""
        if fresh:
            self._home.forget()  # it may be another account of the same name
        self._profiles.begin(name, fresh=fresh)

    def _watch_as(self, person: Profile) -> None:
        if person.id != self._person_id:
            self._person_id = person.id
            self._pages.leave_those_for_viewers()
            self._home.clear()
            self._search.clear()
            self._channels.clear()
            self._my_list.clear()
            self._browse.clear()
        self._set_viewer(person.name or self._profiles.viewer)
        self._downloads.set_maturity(person.maturity)
        self._home.open_for(f"{self._profiles.viewer}\n{person.id}", person.maturity)
        self._my_list.refresh()
        self._rest_on(Page.HOME)
        self._keep_up()
        if self._addresses.follow_waiting():
            return
        if self._interrupted is not None:
            interrupted, self._interrupted = self._interrupted, None
            self._play(*interrupted)

    def _sign_in_again(self, why: str) -> None:
        self._sign_in.explain(why)
        self._forget_viewer()

    def _leave_household(self) -> None:
        self._pages.clear()
        self._interrupted = None
        for_viewers = (self._details, self._profiles, self._search, self._channels, self._my_list, self._account)
        for emptied in (*for_viewers, self._browse, self._settings.device_list):
            emptied.clear()
        self._person_id = ""

    def _forget_viewer(self) -> None:
        self._home.clear()
        self._set_viewer("")
        self._rest_on(Page.SIGN_IN)

    def _restored(self, name: str | None) -> None:
        if name is None:
            self._rest_on(Page.SIGN_IN)
        else:
            self._enter(name, fresh=False)

    def _not_restored(self, _failure: PlaybackFailure) -> None:
        self._rest_on(Page.SIGN_IN)

    def _rest_on(self, page: Page) -> None:
        """Change the page at the bottom; what stands above it is left alone."""
        self._pages.bottom = page
        self._show_top()

    def _put_above(self, page: Page) -> None:
        self._pages.put_above(page)
        self._show_top()

    def _show_top(self) -> None:
        page = self._pages.top
        if page is not self._page:
            self._page = page
            self._look_at_shown()
            self._home.set_visible(visible=page is Page.HOME)
            self._channels.set_visible(visible=page is Page.CHANNELS)
            self._account.set_visible(visible=page is Page.ACCOUNT)
            self._downloads.set_visible(visible=page is Page.DOWNLOADS)
            self._code_sign_in.set_visible(visible=page is Page.SIGN_IN and self._by_code)
            self._sign_in.set_visible(visible=page is Page.SIGN_IN)
            self.pageChanged.emit()

    def _set_viewer(self, name: str) -> None:
        self._viewer = name
        self.viewerChanged.emit()
