pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// The catalogue as a grid under a header that scrolls with it.
FocusScope {
    id: root

    required property QtObject home
    required property QtObject downloads
    required property string viewer
    required property bool severalProfiles

    signal titleChosen(string titleId)
    signal playChosen(string titleId)
    signal downloadChosen(string downloadId)
    signal showSearch()
    signal showMyList()
    signal switchProfile()
    signal showDownloads()
    signal openStream()
    signal showSettings()
    signal signOut()

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
    }
    // Once all of a new state is in its place.
    function settleAnew() {
        if (activeFocus)
            settle(true)
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
        // The header grows when the catalogue arrives: stay at the top of the page.
        onTopMarginChanged: if (!activeFocus) contentY = -topMargin
        onPassedUp: header.enterFromBelow()
        onTitleChosen: titleId => root.titleChosen(titleId)
    }
    HomeHeader {
        id: header
        y: root.ready ? -grid.contentY - grid.topMargin : 0
        width: root.width
        home: root.home
        viewer: root.viewer
        onActiveFocusChanged: if (activeFocus && root.ready) grid.scrollTo(grid.highest)
        onTitleChosen: titleId => root.titleChosen(titleId)
        onPlayChosen: titleId => root.playChosen(titleId)
        withDownloads: root.downloads.available
        severalProfiles: root.severalProfiles
        onShowSearch: root.showSearch()
        onShowMyList: root.showMyList()
        onSwitchProfile: root.switchProfile()
        onShowDownloads: root.showDownloads()
        onOpenStream: root.openStream()
        onShowSettings: root.showSettings()
        onSignOut: root.signOut()
        onPassed: {
            if (root.ready)
                grid.forceActiveFocus(Qt.OtherFocusReason)
            else if (trouble.visible)
                trouble.forceActiveFocus(Qt.OtherFocusReason)
        }
    }
    Label {
        id: heading
        x: Theme.margin
        y: header.y + header.height
        text: qsTr("All titles")
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        visible: root.ready
        Accessible.role: Accessible.Heading
    }

    // A grid of empty frames while the catalogue is on its way
    Grid {
        id: skeleton
        x: Theme.margin
        y: header.height + Theme.px(40)
        columns: grid.columns
        visible: root.home.state === "loading"
        Accessible.role: Accessible.StaticText
        Accessible.name: qsTr("Loading the catalogue")
        Repeater {
            model: skeleton.columns * 3
            Item {
                required property int index
                width: grid.cellWidth
                height: grid.cellHeight
                Rectangle {
                    width: parent.width - Theme.gap
                    height: width / Theme.posterAspect
                    radius: Theme.radius
                    color: Theme.surface
                    SequentialAnimation on opacity {
                        loops: Animation.Infinite
                        running: skeleton.visible
                        PauseAnimation { duration: parent.parent.index * 60 }
                        NumberAnimation { from: 1; to: 0.45; duration: 700; easing.type: Easing.InOutSine }
                        NumberAnimation { from: 0.45; to: 1; duration: 700; easing.type: Easing.InOutSine }
                    }
                }
            }
        }
    }
    StateMessage {
        id: trouble
        objectName: "trouble"
        anchors { horizontalCenter: parent.horizontalCenter; verticalCenter: parent.verticalCenter }
        anchors.verticalCenterOffset: kept.visible ? -Theme.px(100) : 0
        visible: !root.ready && !skeleton.visible
        enabled: visible
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
            text: root.home.state === "empty" ? qsTr("Look again") : qsTr("Try again")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.home.refresh()
        }
        Keys.onUpPressed: header.enterFirst()
        Keys.onDownPressed: if (kept.visible) kept.forceActiveFocus(Qt.OtherFocusReason)
    }
    // Without a network: what is on this machine
    Label {
        anchors { left: parent.left; leftMargin: Theme.margin; bottom: kept.top; bottomMargin: Theme.gap }
        text: qsTr("On this machine")
        font.pixelSize: Theme.heading
        font.weight: Font.DemiBold
        visible: kept.visible
        Accessible.role: Accessible.Heading
    }
    ListView {
        id: kept
        objectName: "keptTitles"
        anchors { left: parent.left; right: parent.right; bottom: parent.bottom; bottomMargin: Theme.wide }
        height: Theme.posterWidth / Theme.posterAspect + Theme.px(56)
        visible: trouble.visible && root.home.state === "offline" && count > 0
        enabled: visible
        onVisibleChanged: if (!header.activeFocus) Qt.callLater(root.settleAnew)
        orientation: ListView.Horizontal
        spacing: Theme.gap
        leftMargin: Theme.margin
        rightMargin: Theme.margin
        boundsBehavior: Flickable.StopAtBounds
        highlightMoveDuration: Theme.calm
        highlightMoveVelocity: -1
        highlightRangeMode: ListView.ApplyRange
        preferredHighlightBegin: Theme.margin
        preferredHighlightEnd: width - Theme.margin - Theme.posterWidth
        model: root.downloads.ready
        Accessible.role: Accessible.List
        Accessible.name: qsTr("On this machine")
        Keys.priority: Keys.AfterItem
        Keys.onUpPressed: trouble.forceActiveFocus(Qt.OtherFocusReason)
        Keys.onLeftPressed: event => event.accepted = true
        Keys.onRightPressed: event => event.accepted = true
        delegate: PosterCard {
            required property int index
            required property string titleId
            required name
            required facts
            required poster
            objectName: "kept_" + index
            text: name
            onPressed: {
                kept.currentIndex = index
                root.downloadChosen(titleId)
            }
        }
    }
    NoticeLine {
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "offline"
        text: root.home.notice
    }
}
