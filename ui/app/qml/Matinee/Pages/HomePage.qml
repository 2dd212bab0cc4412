pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The catalogue as a grid under a header of rows that scrolls with it.
FocusScope {
    id: root

    required property QtObject home
    required property QtObject downloads
    required property QtObject files
    required property string viewer
    required property bool severalProfiles
    property string avatar // of who watches
    property bool calm: false // a child watches: only shelves

    signal titleChosen(string titleId)
    signal playChosen(string titleId)
    signal downloadChosen(string downloadId)
    signal menuWanted(Item card, string titleId, bool goingOn)
    signal fileChosen(string identity)
    signal fileMenuWanted(Item card, string identity)
    signal showCatalogue()
    signal showSearch()
    signal showChannels()
    signal showMyList()
    signal switchProfile()
    signal showDownloads()
    signal openStream()
    signal showSettings()
    signal showAccount()
    signal signOut()

    // The large title changes while nothing in it has the focus.
    Timer {
        interval: Theme.heroStays
        repeat: true
        running: root.visible && root.enabled && root.Window.active && header.withFeatured && header.current !== header.bannerItem
        onTriggered: root.home.turnFeatured()
    }

    readonly property bool ready: home.state === "ready"

    onActiveFocusChanged: if (activeFocus) settle()
    onReadyChanged: if (activeFocus) settle(true)

    // Give the focus to what can take it in this state; keep it where it was when that is still there.
    function settle(anew: bool) {
        if (!ready && (kept.visible || trouble.visible))
            (kept.visible ? kept : trouble).forceActiveFocus(Qt.OtherFocusReason)
        else if (!ready)
            header.enterFirst()
        else if (anew || !(grid.activeFocus || header.activeFocus))
            header.enterFirst()
        else
            header.hold() // its row may have gone while another page was shown
    }
    // Once all of a new state is in its place.
    function settleAnew() {
        if (activeFocus)
            settle(true)
    }
    // Bring a row of the header into view. Near the top, show all of the header. Otherwise the view starts with the
    // whole row above, so that no heading is cut.
    function reveal() {
        const row = header.current
        if (!ready || !row)
            return
        const top = row.mapToItem(header, 0, 0).y
        const above = top - header.above(row) - Theme.gap
        const centred = top - (height - row.height) / 2
        grid.scrollTo(grid.highest + (top + row.height <= height ? 0 : above + height >= top + row.height ? above : centred))
    }

    PosterGrid {
        id: grid
        objectName: "titles"
        anchors { fill: parent; leftMargin: Theme.margin; rightMargin: Theme.margin - Theme.gap }
        topMargin: header.height + heading.height + Theme.gap
        bottomMargin: Theme.margin
        roomAbove: Theme.px(96)
        visible: root.ready
        enabled: visible
        focus: true
        model: root.home.titles
        Accessible.name: heading.text
        // The header grows when rows arrive: stay where the focus is, or at the top of the page.
        onTopMarginChanged: {
            if (!activeFocus) {
                contentY = -topMargin
                Qt.callLater(root.reveal)
            }
        }
        onPassedUp: header.enterFromBelow()
        onMenuWanted: (card, titleId) => root.menuWanted(card, titleId, false)
        onTitleChosen: titleId => root.titleChosen(titleId)
    }
    HomeHeader {
        id: header
        y: root.ready ? -grid.contentY - grid.topMargin : 0
        width: root.width
        height: implicitHeight
        home: root.home
        downloads: root.downloads
        files: root.files
        onFileChosen: identity => root.fileChosen(identity)
        onFileMenuWanted: (card, identity) => root.fileMenuWanted(card, identity)
        onDownloadChosen: downloadId => root.downloadChosen(downloadId)
        onMenuWanted: (card, titleId, goingOn) => root.menuWanted(card, titleId, goingOn)
        onCurrentChanged: root.reveal()
        onTitleChosen: titleId => root.titleChosen(titleId)
        onPlayChosen: titleId => root.playChosen(titleId)
        calm: root.calm
        bar.avatar: root.avatar
        bar.calm: root.calm
        bar.viewer: root.viewer
        bar.withDownloads: root.downloads.available
        bar.severalProfiles: root.severalProfiles
        onPassed: {
            if (root.ready)
                grid.forceActiveFocus(Qt.OtherFocusReason)
            else if (trouble.visible)
                trouble.forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    Connections {
        target: header.bar
        function onShowCatalogue() { root.showCatalogue() }
        function onShowSearch() { root.showSearch() }
        function onShowChannels() { root.showChannels() }
        function onShowMyList() { root.showMyList() }
        function onSwitchProfile() { root.switchProfile() }
        function onShowDownloads() { root.showDownloads() }
        function onOpenStream() { root.openStream() }
        function onShowSettings() { root.showSettings() }
        function onShowAccount() { root.showAccount() }
        function onSignOut() { root.signOut() }
    }
    Label {
        id: heading
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: header.y + header.height
        text: qsTr("All titles")
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        visible: root.ready
        Accessible.role: Accessible.Heading
    }

    // A grid of empty frames while the catalogue is on its way
    Skeleton {
        id: skeleton
        anchors { left: parent.left; leftMargin: Theme.margin }
        y: header.height + Theme.px(40)
        columns: grid.columns
        cellWidth: grid.cellWidth
        cellHeight: grid.cellHeight
        visible: root.home.state === "loading"
        Accessible.name: qsTr("Loading the catalogue")
    }
    StateMessage {
        id: trouble
        objectName: "trouble"
        anchors { horizontalCenter: parent.horizontalCenter; verticalCenter: parent.verticalCenter }
        anchors.verticalCenterOffset: kept.visible ? -Theme.px(100) : 0
        visible: !root.ready && !skeleton.visible
        enabled: visible
        compact: kept.visible && root.height < Theme.type(640) // there is no room for more than words and a button
        onVisibleChanged: Qt.callLater(root.settleAnew)
        icon: root.home.state === "offline" ? "offline" : root.home.state === "empty" ? "film" : "warning"
        heading: root.home.state === "offline" ? qsTr("You are offline")
               : root.home.state === "empty" ? qsTr("Nothing here yet")
               : qsTr("The catalogue could not be loaded")
        sentence: root.home.state === "empty" ? qsTr("Titles appear here as soon as they are published.")
                                              : root.home.message
        code: root.home.state === "empty" ? ""
            : kept.visible ? qsTr("Matinee keeps trying by itself. These titles can be watched now.")
            : qsTr("Matinee keeps trying by itself.")
        ActionButton {
            objectName: "retry"
            text: root.home.state === "empty" ? qsTr("Refresh") : qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.home.refresh()
        }
        Keys.onUpPressed: header.enterFirst()
        Keys.onDownPressed: if (kept.visible) kept.forceActiveFocus(Qt.OtherFocusReason)
    }
    // Without a network: what is on this machine
    PosterRow {
        id: kept
        objectName: "keptTitles"
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom }
        height: implicitHeight
        visible: trouble.visible && root.home.state === "offline" && count > 0
        enabled: visible
        onVisibleChanged: if (!header.activeFocus) Qt.callLater(root.settleAnew)
        heading: qsTr("On this machine")
        prefix: "kept_"
        model: root.downloads.ready
        onTitleChosen: downloadId => root.downloadChosen(downloadId)
        Keys.onUpPressed: trouble.forceActiveFocus(Qt.OtherFocusReason)
    }
    NoticeLine {
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "offline"
        text: root.home.notice
    }
}
