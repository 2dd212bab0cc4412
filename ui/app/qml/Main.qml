import QtQuick
import Matinee.Theme
import Matinee.Video
import Matinee.Controls
import Matinee.Pages

// The window: the one video item at the bottom, one page at a time above it.
Window {
    id: window

    required property QtObject app
    readonly property Item page: ({ starting: starting, signIn: signIn, profiles: profiles, home: home, search: search, channels: channels,
                                   myList: myList, browse: browse, details: details, settings: settings, downloads: downloads,
                                   account: account,
                                   player: player })[app.page] ?? starting
    property bool modal: false
    property int visibilityBefore: Window.Windowed
    property bool small: false // picture in picture
    property rect placeBefore

    // A title with the focus may be played next.
    onActiveFocusItemChanged: {
        app.lookingAhead.focused(activeFocusItem?.parent?.titleId ?? "")
        if (activeFocusItem === contentItem)
            Qt.callLater(takeFocusBack)
    }

    function settle() {
        if (modal)
            return
        if (page.enter)
            page.enter()
        else
            page.forceActiveFocus(Qt.OtherFocusReason)
    }
    // Where nothing has the focus no key does anything. A page that has just been left may have asked for it late.
    function takeFocusBack() {
        if (activeFocusItem === contentItem)
            settle()
    }
    function arrive() {
        const base = [starting, signIn, profiles, home].includes(page)
        arrivalShift.from = (base === LayoutMirroring.enabled ? 1 : -1) * Theme.px(Theme.still ? 0 : 24)
        arrival.restart()
    }
    // Open what was dropped or pasted. Subtitles are added to the open film. Files and addresses are played. Anything
    // else is shown in the dialog with the reason.
    function openDropped(texts: var) {
        if (page === player && app.player.addSubtitles(texts))
            return
        if (texts.length > 1)
            app.files.open(texts)
        else if (!app.addresses.openChosen(texts[0]))
            dialog.openWith(texts[0])
    }
    // Picture in picture is this window, small, without a frame, above all others.
    function setSmall(wanted: bool) {
        if (wanted === small || app.tv)
            return
        if (wanted) {
            if (visibility === Window.FullScreen)
                toggleFullScreen()
            placeBefore = Qt.rect(x, y, width, height)
            small = true
            width = 480
            height = 270
            x = Screen.virtualX + Screen.desktopAvailableWidth - width - 24
            y = Screen.virtualY + Screen.desktopAvailableHeight - height - 24
        } else {
            small = false
            x = placeBefore.x
            y = placeBefore.y
            width = placeBefore.width
            height = placeBefore.height
        }
        window.requestActivate()
    }
    // What can be done with a title, at its card.
    function offerChoices(card: Item, titleId: string, goingOn: bool) {
        app.offerChoices(titleId, goingOn)
        if (app.choices.options.count > 0)
            titleChoices.openHeld(card)
    }
    // What can be done with a file that was opened, at its card.
    function offerFile(card: Item, identity: string) {
        app.files.offerChoices(identity)
        fileChoices.openHeld(card)
    }
    function toggleFullScreen() {
        if (app.tv || small)
            return
        if (visibility === Window.FullScreen) {
            visibility = visibilityBefore
        } else {
            visibilityBefore = visibility
            visibility = Window.FullScreen
        }
    }

    LayoutMirroring.enabled: Qt.application.layoutDirection === Qt.RightToLeft
    LayoutMirroring.childrenInherit: true
    // With its frame it fits a screen of 720 lines.
    width: 1280
    height: Math.min(720, (Screen.desktopAvailableHeight || 768) - 48)
    minimumWidth: small ? 240 : 860
    minimumHeight: small ? 135 : 540
    flags: small ? Qt.Window | Qt.FramelessWindowHint | Qt.WindowStaysOnTopHint : Qt.Window
    visible: true
    visibility: app.tv ? Window.FullScreen : Window.Windowed
    title: page === player && app.player.title ? app.player.title + " – Matinee" : "Matinee"
    color: Theme.background
    onPageChanged: {
        if (page !== player) {
            setSmall(false)
            arrive()
        } else {
            // Another program may have opened what plays now.
            for (const panel of [folders, dialog].filter(one => one.visible))
                panel.close()
        }
        settle()
    }
    Component.onCompleted: settle()

    Binding {
        target: Theme
        property: "scale"
        // Across a room the layout of a 720-line desk is scaled to whatever screen there is.
        value: window.app.tv ? Math.max(0.6, Math.min(window.width / 1280, window.height / 720)) : 1
    }

    Binding { target: Theme; property: "remote"; value: window.app.tv }
    Binding { target: Theme; property: "textScale"; value: window.app.settings.textScale }
    Binding { target: Theme; property: "still"; value: window.app.settings.still }
    Binding { target: Theme; property: "young"; value: window.app.profiles.kids }
    Binding { target: Theme; property: "highContrast"; value: window.app.settings.highContrast }

    Rectangle {
        anchors.fill: parent
        color: Theme.black
        visible: video.visible
    }
    VideoSurface {
        id: video
        objectName: "video"
        anchors.fill: parent
        visible: window.page === player
        onVisibleChanged: curtain.down = visible && curtain.waits
    }
    Rectangle {
        id: curtain
        objectName: "curtain"

        property bool down: false // until a title has a picture of its own, the video item has the last one's
        readonly property bool waits: ["idle", "loading"].includes(window.app.player.status)

        anchors.fill: parent
        color: Theme.black
        visible: video.visible && down
        onWaitsChanged: down = down && waits
    }

    // Every page but the player's. What comes up fades in and moves a little, from where it lies in the stack.
    Item {
        id: pages
        objectName: "pages"
        anchors.fill: parent
        transform: Translate { id: shift }
        StartingPage {
            id: starting
            anchors.fill: parent
            visible: window.page === starting
            enabled: visible
            focus: true
        }
        SignInPage {
            id: signIn
            objectName: "signInPage"
            anchors.fill: parent
            visible: window.page === signIn
            enabled: visible && !modal
            signIn: window.app.signIn
            byCode: window.app.byCode
            code: window.app.codeSignIn
            tv: window.app.tv
            onByCodeWanted: wanted => window.app.signInByCode(wanted)
            onOpenStream: dialog.open()
            onShowSettings: window.app.showSettings()
            files: window.app.files
            onOpenFile: folders.open()
            onFileChosen: identity => window.app.files.playRecent(identity)
            onFileMenuWanted: (card, identity) => window.offerFile(card, identity)
        }
        LazyPage {
            id: profiles
            anchors.fill: parent
            visible: window.page === profiles
            enabled: visible && !modal
            sourceComponent: ProfilesPage {
                objectName: "profilesPage"
                profiles: window.app.profiles
                onLeaving: window.app.keepProfile()
                onSignOut: window.app.signOut()
            }
        }
        LazyPage {
            id: search
            anchors.fill: parent
            visible: window.page === search
            enabled: visible && !modal
            sourceComponent: SearchPage {
                objectName: "searchPage"
                search: window.app.search
                tv: window.app.tv
                onMenuWanted: (card, titleId) => window.offerChoices(card, titleId, false)
                onTitleChosen: titleId => window.app.showTitle(titleId)
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: channels
            anchors.fill: parent
            visible: window.page === channels
            enabled: visible && !modal
            sourceComponent: ChannelsPage {
                objectName: "channelsPage"
                channels: window.app.channels
                onChannelChosen: titleId => window.app.openChannel(titleId)
                onProgrammeChosen: (titleId, begins) => window.app.openProgramme(titleId, begins)
                onRecordingChosen: titleId => window.app.openRecording(titleId)
                onRecordingMenuWanted: titleId => {
                    recordingDialog.titleId = titleId
                    recordingDialog.open()
                }
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: myList
            anchors.fill: parent
            visible: window.page === myList
            enabled: visible && !modal
            sourceComponent: MyListPage {
                objectName: "myListPage"
                myList: window.app.myList
                onMenuWanted: (card, titleId) => window.offerChoices(card, titleId, false)
                onShowHistory: window.app.showHistory()
                onShowCatalogue: window.app.showCatalogue()
                onTitleChosen: titleId => window.app.showTitle(titleId)
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: browse
            anchors.fill: parent
            visible: window.page === browse
            enabled: visible && !modal
            sourceComponent: BrowsePage {
                objectName: "browsePage"
                browse: window.app.browse
                onTitleChosen: titleId => window.app.showTitle(titleId)
                onMenuWanted: (card, titleId) => window.offerChoices(card, titleId, false)
                onLeaving: window.app.back()
            }
        }
        HomePage {
            id: home
            objectName: "homePage"
            anchors.fill: parent
            visible: window.page === home
            enabled: visible && !modal
            home: window.app.home
            downloads: window.app.downloads
            files: window.app.files
            onFileChosen: identity => window.app.files.playRecent(identity)
            onFileMenuWanted: (card, identity) => window.offerFile(card, identity)
            viewer: window.app.viewer
            avatar: window.app.profiles.avatar
            calm: window.app.profiles.kids
            severalProfiles: window.app.profiles.several
            onTitleChosen: titleId => window.app.showTitle(titleId)
            onPlayChosen: titleId => window.app.openTitle(titleId)
            onDownloadChosen: downloadId => window.app.playDownload(downloadId)
            onMenuWanted: (card, titleId, goingOn) => window.offerChoices(card, titleId, goingOn)
            onShowCatalogue: window.app.showCatalogue()
            onShowSearch: window.app.showSearch()
            onShowChannels: window.app.showChannels()
            onShowMyList: window.app.showMyList()
            onSwitchProfile: window.app.switchProfile()
            onShowDownloads: window.app.showDownloads()
            onOpenStream: dialog.open()
            onShowSettings: window.app.showSettings()
            onShowAccount: window.app.showAccount()
            onSignOut: signOutDialog.open()
        }
        LazyPage {
            id: account
            anchors.fill: parent
            visible: window.page === account
            enabled: visible
            sourceComponent: AccountPage {
                objectName: "accountPage"
                account: window.app.account
                onShowProfiles: {
                    window.app.back()
                    window.app.switchProfile()
                }
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: details
            anchors.fill: parent
            visible: window.page === details
            enabled: visible && !modal
            sourceComponent: DetailsPage {
                objectName: "detailsPage"
                details: window.app.details
                download: window.app.titleDownload
                listed: window.app.listed
                onListToggled: window.app.toggleListed()
                onPlay: window.app.openTitle(window.app.details.playId)
                onPlayFromStart: window.app.openTitleFromStart(window.app.details.playId)
                onPlayTrailer: window.app.openTitleFromStart(window.app.details.trailerId)
                onPlayEpisode: titleId => window.app.openTitle(titleId)
                onShowTitle: titleId => window.app.showTitle(titleId)
                onPlayFromFurthest: window.app.playFromFurthest()
                onGenreChosen: genre => window.app.showGenre(genre)
                onPersonChosen: person => window.app.showPerson(person)
                onRated: thumb => window.app.rateShown(thumb)
                onMarked: window.app.markShown()
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: settings
            anchors.fill: parent
            visible: window.page === settings
            enabled: visible && !modal
            sourceComponent: SettingsPage {
                objectName: "settingsPage"
                settings: window.app.settings
                keys: window.app.keys
                onLeaving: window.app.back()
            }
        }
        LazyPage {
            id: downloads
            anchors.fill: parent
            visible: window.page === downloads
            enabled: visible && !modal
            sourceComponent: DownloadsPage {
                objectName: "downloadsPage"
                downloads: window.app.downloads
                onPlay: downloadId => window.app.playDownload(downloadId)
                onLeaving: window.app.back()
            }
        }
    }
    CardClip {
        objectName: "cardClip"
        clips: window.app.clips
        allowed: window.app.settings.clips && window.active && !window.modal && window.page !== player
    }
    ParallelAnimation {
        id: arrival
        NumberAnimation { target: pages; property: "opacity"; from: 0; to: 1; duration: Theme.pageMoves }
        NumberAnimation {
            id: arrivalShift
            target: shift
            property: "x"
            to: 0
            duration: Theme.still ? 0 : Theme.pageMoves
            easing.type: Easing.OutCubic
        }
    }
    PlayerPage {
        id: player
        objectName: "playerPage"
        // Time runs from left to right in every language.
        LayoutMirroring.enabled: false
        LayoutMirroring.childrenInherit: true
        anchors.fill: parent
        visible: window.page === player
        enabled: visible && !modal
        player: window.app.player
        keys: window.app.keys
        tv: window.app.tv
        fullScreen: window.visibility === Window.FullScreen
        onLeaving: window.app.back()
        onHelpWanted: place => window.app.helpWith(place)
        small: window.small
        onFullScreenToggled: window.toggleFullScreen()
        onSmallToggled: window.setSmall(!window.small)
        onDragged: window.startSystemMove()
        onKeysWanted: overlay.open()
    }
    Shortcut {
        sequences: window.app.keys.helpKeys
        enabled: (!window.modal || overlay.visible) && !window.app.keys.awaited
        onActivated: overlay.toggle()
    }
    Shortcut {
        sequences: [StandardKey.Open]
        enabled: !window.modal
        onActivated: folders.open()
    }
    Shortcut {
        sequences: [StandardKey.Paste]
        enabled: !window.modal
        onActivated: window.openDropped(window.app.addresses.clipboardTexts())
    }
    DropArea {
        id: drop
        objectName: "dropArea"
        anchors.fill: parent
        onEntered: event => event.accepted = event.hasUrls || event.hasText
        onDropped: event => {
            const texts = event.urls.length ? event.urls.map(url => url.toString()) : [event.text]
            event.accepted = texts[0] !== ""  // a program that has ended gives nothing any more
            if (event.accepted)
                window.openDropped(texts)
        }
    }
    NoticeLine {
        objectName: "dropNotice"
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.wide }
        icon: "link"
        text: drop.containsDrag ? qsTr("Drop to play") : ""
    }
    NoticeLine {
        objectName: "filesNotice"
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.wide }
        icon: "warning"
        text: drop.containsDrag ? "" : window.app.files.notice
    }
    NoticeLine {
        objectName: "settingsTrouble"
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.px(72) }
        icon: "warning"
        text: window.page === home || window.page === signIn ? window.app.settings.notice : ""
    }
    NoticeLine {
        objectName: "dataWarning"
        anchors { horizontalCenter: parent.horizontalCenter; top: parent.top; topMargin: Theme.px(88) }
        icon: "warning"
        text: [home, details, player].includes(window.page) ? window.app.settings.dataUse.warning : ""
    }
    NoticeLine {
        objectName: "choicesNotice"
        anchors.horizontalCenter: parent.horizontalCenter
        // On the details the buttons lie at the bottom.
        y: window.page === details ? Theme.px(136) : parent.height - height - Theme.wide
        icon: "warning"
        text: window.app.choices.notice
        Timer {
            interval: Theme.noticeStays
            running: window.app.choices.notice
            onTriggered: window.app.choices.noticeSeen()
        }
    }
    ChoiceMenu {
        id: titleChoices
        objectName: "cardMenu"
        anchors.fill: parent
        heading: window.app.choices.heading
        model: window.app.choices.options
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
        onChosen: key => window.app.choices.choose(key)
    }
    ChoiceMenu {
        id: fileChoices
        objectName: "fileMenu"
        anchors.fill: parent
        heading: window.app.files.chosenName
        model: window.app.files.choices
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
        onChosen: key => window.app.files.choose(key)
    }
    ConfirmDialog {
        id: recordingDialog
        property string titleId
        objectName: "recordingDialog"
        anchors.fill: parent
        heading: qsTr("Delete this recording?")
        sentence: qsTr("This cannot be undone.")
        action: qsTr("Delete")
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
        onAccepted: window.app.channels.recordings.remove(titleId)
    }
    ConfirmDialog {
        id: signOutDialog
        objectName: "signOutDialog"
        anchors.fill: parent
        heading: qsTr("Sign out?")
        sentence: qsTr("Downloads stay on this computer. You need your password to come back.")
        action: qsTr("Sign out")
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
        onAccepted: window.app.signOut()
    }
    BrowsePanel {
        id: folders
        objectName: "browsePanel"
        anchors.fill: parent
        files: window.app.files
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
    }
    KeysOverlay {
        id: overlay
        objectName: "keysOverlay"

        property Item before // had the focus

        anchors.fill: parent
        z: 2
        keys: window.app.keys
        onVisibleChanged: {
            if (visible)
                before = window.activeFocusItem
            window.modal = visible
        }
        onClosed: before?.visible && before.enabled ? before.forceActiveFocus(Qt.PopupFocusReason) : window.settle()
    }
    OpenStreamDialog {
        id: dialog
        objectName: "openStreamDialog"
        anchors.fill: parent
        error: window.app.addresses.error
        onFileWanted: {
            close()
            folders.open()
        }
        onVisibleChanged: window.modal = visible
        onClosed: window.settle()
        onAccepted: url => {
            if (window.app.addresses.openChosen(url))
                close()
        }
    }
}
