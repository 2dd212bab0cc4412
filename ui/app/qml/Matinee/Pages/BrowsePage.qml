pragma ComponentBehavior: Bound
import QtQuick
import Matinee.Theme
import Matinee.Controls

// A part of the catalogue as a grid: by genre, with a person, from A to Z; or what was watched.
FocusScope {
    id: root

    required property QtObject browse
    readonly property bool ready: browse.state === "ready"

    signal titleChosen(string titleId)
    signal menuWanted(Item card, string titleId)
    signal leaving()

    property bool settled: false // the focus is where it belongs, and stays where the viewer takes it

    function enter() {
        settled = (grid.visible && grid.count > 0) || trouble.visible
        if (grid.visible && grid.count > 0)
            grid.forceActiveFocus(Qt.OtherFocusReason)
        else if (trouble.visible)
            trouble.forceActiveFocus(Qt.OtherFocusReason)
        else
            bar.forceActiveFocus(Qt.OtherFocusReason)
    }
    function enterAnew() {
        const held = grid.activeFocus || filters.activeFocus || order.activeFocus || (settled && bar.activeFocus)
        if (activeFocus && !held)
            enter()
    }
    function goDown() {
        if (grid.visible && grid.count > 0)
            grid.forceActiveFocus(Qt.OtherFocusReason)
        else if (trouble.visible)
            trouble.forceActiveFocus(Qt.OtherFocusReason)
    }

    Accessible.role: Accessible.Pane
    Accessible.name: browse.heading
    Keys.onEscapePressed: leaving()
    Keys.onBackPressed: leaving()
    Keys.onPressed: event => {
        event.accepted = event.key === Qt.Key_Backspace
        if (event.accepted)
            leaving()
    }

    Rectangle { anchors.fill: parent; color: Theme.background }
    PosterGrid {
        id: grid
        objectName: "browsedTitles"
        anchors { fill: parent; leftMargin: Theme.margin; rightMargin: Theme.margin - Theme.gap }
        topMargin: top.height + Theme.tight
        bottomMargin: Theme.margin
        roomAbove: top.height + Theme.gap
        prefix: "browsed_"
        visible: root.ready
        enabled: visible
        focus: true
        model: root.browse.titles
        Accessible.name: root.browse.heading
        onCountChanged: Qt.callLater(root.enterAnew)
        onVisibleChanged: Qt.callLater(root.enterAnew)
        onPassedUp: (filters.visible ? filters : bar).forceActiveFocus(Qt.OtherFocusReason)
        onTitleChosen: titleId => root.titleChosen(titleId)
        onMenuWanted: (card, titleId) => root.menuWanted(card, titleId)
    }
    Rectangle {
        id: top
        width: parent.width
        height: filters.visible ? Theme.px(148) : Theme.px(96)
        color: Theme.background
        PageTop {
            id: bar
            anchors { left: parent.left; leftMargin: Theme.margin }
            y: Theme.px(30)
            heading: root.browse.heading
            backName: "leaveBrowse"
            onLeaving: root.leaving()
            Keys.onDownPressed: filters.visible ? filters.forceActiveFocus(Qt.OtherFocusReason) : root.goDown()
            beside: order.visible ? order : null
        }
        ActionButton {
            id: order
            objectName: "browseOrder"
            anchors { right: parent.right; rightMargin: Theme.margin; verticalCenter: bar.verticalCenter }
            text: root.browse.byTitle ? qsTr("A to Z") : qsTr("Newest first")
            icon: "restart"
            name: qsTr("Order: %1").arg(text)
            visible: !root.browse.isHistory
            onPressed: root.browse.toggleOrder()
            Keys.onLeftPressed: if (!LayoutMirroring.enabled) bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onRightPressed: if (LayoutMirroring.enabled) bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: filters.visible ? filters.forceActiveFocus(Qt.OtherFocusReason) : root.goDown()
        }
        ListView {
            id: filters
            objectName: "browseFilters"
            anchors { left: parent.left; right: parent.right; bottom: parent.bottom; bottomMargin: Theme.px(14) }
            height: Theme.px(44)
            orientation: ListView.Horizontal
            leftMargin: Theme.margin
            rightMargin: Theme.margin
            spacing: Theme.tight
            visible: count > 0
            enabled: visible
            boundsBehavior: Flickable.StopAtBounds
            highlightMoveDuration: Theme.calm
            highlightMoveVelocity: -1
            model: root.browse.filters
            Accessible.role: Accessible.List
            Accessible.name: qsTr("Genre")
            onVisibleChanged: Qt.callLater(root.enterAnew)
            Keys.priority: Keys.AfterItem
            Keys.onUpPressed: bar.forceActiveFocus(Qt.OtherFocusReason)
            Keys.onDownPressed: root.goDown()
            Keys.onLeftPressed: event => event.accepted = true
            Keys.onRightPressed: event => event.accepted = true
            delegate: FilterChip {
                required property int index
                required property string key
                required property string label
                required chosen

                objectName: "filter_" + index
                anchors.verticalCenter: parent?.verticalCenter
                text: label
                onPressed: {
                    filters.currentIndex = index
                    if (chosen) // there is nothing to choose: into what it shows
                        root.goDown()
                    else
                        root.browse.chooseGenre(key)
                }
            }
        }
    }
    Skeleton {
        anchors { left: parent.left; leftMargin: Theme.margin; top: top.bottom; topMargin: Theme.tight }
        columns: grid.columns
        cellWidth: grid.cellWidth
        cellHeight: grid.cellHeight
        visible: root.browse.state === "loading"
    }
    StateMessage {
        id: trouble
        objectName: "browseTrouble"
        anchors.centerIn: parent
        visible: root.browse.state === "error" || root.browse.state === "empty"
        enabled: visible
        onVisibleChanged: Qt.callLater(root.enterAnew)
        icon: root.browse.state === "error" ? "warning" : root.browse.isHistory ? "history" : "film"
        heading: root.browse.state === "error" ? qsTr("The catalogue could not be loaded")
               : root.browse.isHistory ? qsTr("Nothing watched yet") : qsTr("Nothing here yet")
        sentence: root.browse.state === "error" ? root.browse.message
                : root.browse.isHistory ? qsTr("What you watch appears here.")
                                        : qsTr("Titles appear here as soon as they are published.")
        Keys.onUpPressed: (filters.visible ? filters : bar).forceActiveFocus(Qt.OtherFocusReason)
        ActionButton {
            objectName: "retryBrowse"
            text: root.browse.state === "error" ? qsTr("Try again") : qsTr("Refresh")
            icon: "retry"
            primary: true
            focus: true
            onPressed: root.browse.refresh()
        }
    }
    NoticeLine {
        anchors { horizontalCenter: parent.horizontalCenter; bottom: parent.bottom; bottomMargin: Theme.wide }
        icon: "warning"
        text: root.ready ? root.browse.message : ""
    }
}
